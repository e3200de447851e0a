export { Header, MediaType } from "./headers.ts";
export type { EventTypePartition, StreamParameters } from "./stream-parameters.ts";
export { laneKey } from "./cursor.ts";
export type { CommitItemResult, CommitResponse, Cursor, LaneKey, PartitionCursor } from "./cursor.ts";
export { comparePositions, formatNumber, formatOffset, parseOffset } from "./offset.ts";
export type { OffsetText, Position } from "./offset.ts";
export type { BatchItemResponse, Problem, PublishingStep } from "./problem.ts";
export type { Authorization, AuthorizationAttribute } from "./authorization.ts";
export type {
  Audience,
  Category,
  CleanupPolicy,
  EventOwnerSelector,
  EventType,
  EventTypeAuthorization,
  EventTypeOptions,
  EventTypeStatistics,
  Partition,
  PartitionStrategy,
} from "./event-type.ts";
export type {
  BusinessEvent,
  DataChangeEvent,
  DataOperation,
  DeliveredMetadata,
  EventMetadata,
  Tombstone,
} from "./event.ts";
export type { CompatibilityMode, Schema, SchemaCompatibility } from "./schema.ts";
export type { CursorDistance, CursorLag, CursorPair, CursorShift } from "./cursor-operations.ts";
export type { Timeline } from "./timeline.ts";
export type { Storage } from "./storage.ts";
export type { Admins, Blacklist, BlacklistType, Feature } from "./settings.ts";
export type { ServerMetrics, ServerVersion } from "./server-info.ts";
export type {
  ReadFrom,
  Subscription,
  SubscriptionCursor,
  SubscriptionEventTypeStats,
  SubscriptionPartitionStats,
  SubscriptionRequest,
} from "./subscription.ts";
export { isEventTypeName, isUuid, MAX_EVENT_TYPE_NAME_LENGTH } from "./names.ts";
export { meant, unknownOption } from "./option-names.ts";
export type { OptionFault } from "./option-names.ts";
export { ManualClock, systemClock } from "./clock.ts";
export type { Clock, Timer } from "./clock.ts";
export { endOfString, jsonTokens } from "./json-tokens.ts";
export type { JsonToken } from "./json-tokens.ts";
export { isBlank, LineSplitter, LineTooLongError } from "./line-splitter.ts";
export { BatchLineError } from "./batch-line-error.ts";
export { batchLineSteps, eachEvent, eventTypeLineSteps, readBatchLine } from "./batch-line.ts";
export type { BatchLine, Steps } from "./batch-line.ts";
