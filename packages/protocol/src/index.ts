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
  CompatibilityMode,
  EventOwnerSelector,
  EventType,
  EventTypeStatistics,
  Partition,
  PartitionStrategy,
  Schema,
} from "./event-type.ts";
export type {
  ReadFrom,
  Subscription,
  SubscriptionEventTypeStats,
  SubscriptionPartitionStats,
  SubscriptionRequest,
} from "./subscription.ts";
export { isEventTypeName, isUuid, MAX_EVENT_TYPE_NAME_LENGTH } from "./names.ts";
export { ManualClock, systemClock } from "./clock.ts";
export type { Clock, Timer } from "./clock.ts";
export { LineSplitter, LineTooLongError } from "./line-splitter.ts";
export { BatchLineError, readBatchLine, readEventTypeLine } from "./batch-line.ts";
export type { BatchLine } from "./batch-line.ts";
