export { NakadiClient } from "./client.ts";
export type { NakadiClientOptions } from "./client.ts";
export { envToken, fileToken } from "./auth/token.ts";
export type { TokenProvider, TokenSource } from "./auth/token.ts";
export { ERROR_TABLE } from "./errors/error-table.ts";
export type { ErrorCode, ErrorRow } from "./errors/error-table.ts";
export {
  ConfigError,
  CursorResetError,
  CursorStoreError,
  HttpError,
  NakadiError,
  NoFreeSlotError,
  ProtocolError,
  SessionLostError,
  TimeoutError,
  TransportError,
  UnreadableEventError,
} from "./errors/nakadi-error.ts";
export type { CommitItem } from "./errors/nakadi-error.ts";
export { memoryCursorStore } from "./low-level/cursor-store.ts";
export type { CursorStore } from "./low-level/cursor-store.ts";
export { fileCursorStore } from "./low-level/file-cursor-store.ts";
export type { LagOptions, PartitionLag } from "./low-level/lag.ts";
export type { LogPosition, Time, TimePosition } from "./low-level/log-position.ts";
export type { EventTypeStreamOptions, ExpiredCursor, ReadingProgress } from "./low-level/options.ts";
export type { PositionOptions } from "./low-level/positions.ts";
export type { Found, SearchOptions, SearchProgress } from "./low-level/search.ts";
export type { Logger } from "./observability/logger.ts";
export type { MetricLabels, Metrics } from "./observability/metrics.ts";
export { renderDifference } from "./admin/difference.ts";
export type { Change, Difference } from "./admin/difference.ts";
export type { EventTypeListOptions, EventTypes } from "./admin/event-types.ts";
export type { CallOptions } from "./admin/json-api.ts";
export type { Listing } from "./admin/listing.ts";
export type { Schemas } from "./admin/schemas.ts";
export type { Server } from "./admin/server.ts";
export type { Settings } from "./admin/settings.ts";
export type { Storages } from "./admin/storages.ts";
export type { EnsureOptions, SubscriptionListOptions, Subscriptions } from "./admin/subscriptions.ts";
export type { Timelines } from "./admin/timelines.ts";
export type { WaitOptions } from "./admin/waiting.ts";
export type { CommitEvery, CommitStrategy } from "./consumer/reading/commit-strategy.ts";
export type { Consumer, StopOptions } from "./consumer/consumer.ts";
export { CONSUMER_COUNTERS, CONSUMER_GAUGES } from "./consumer/reporting/consumer-metrics.ts";
export { toEventType } from "./consumer/failures/dead-letter.ts";
export { deadLetterAnnotations, readDeadLetterAnnotations } from "./consumer/failures/dead-letter-annotations.ts";
export type { ServerDeadLetters } from "./consumer/failures/dead-letter-annotations.ts";
export { toFile } from "./consumer/failures/dead-letter-file.ts";
export type { DeadLetter, DeadLetterContext, DeadLetterSink } from "./consumer/failures/dead-letter.ts";
export type {
  FailureAction,
  FailureOptions,
  HandlerFailure,
  HandlerRetry,
} from "./consumer/failures/failure-policy.ts";
export type {
  Delivered,
  Handler,
  HandlerBatch,
  HandlerContext,
  HandlerFactory,
  HandlerOutcome,
} from "./consumer/handling/handler.ts";
export type { ConsumerHealth, HealthReason, HealthStatus } from "./consumer/reporting/health.ts";
export type {
  CommitOverdue,
  ConsumerObservers,
  ConsumerState,
  EventsLost,
  ServerSaid,
  StateChange,
} from "./consumer/reporting/observers.ts";
export type { ConsumerOptions } from "./consumer/options.ts";
export type { DeadLetterTracking, ServerMessage } from "./consumer/reading/server-message.ts";
export { stopOnSignals } from "./consumer/stop-on-signals.ts";
export type { Stoppable, StopOnSignalsOptions } from "./consumer/stop-on-signals.ts";
export type { Abandoned, AbandonedBecause, StopReport } from "./consumer/reporting/stop-report.ts";
export type { OutboxOptions } from "./outbox/options.ts";
export type { Outbox, OutboxStopReport } from "./outbox/outbox.ts";
export type { OutboxRow, OutboxStore, RejectedRow, Settlement } from "./outbox/outbox-store.ts";
export { businessEvents, dataChanges, tombstone } from "./publisher/event-makers.ts";
export type { BusinessEventMaker, DataChangeMaker, GivenMetadata, TombstoneMembers } from "./publisher/event-makers.ts";
export { InvalidEventError } from "./publisher/event-schema.ts";
export { PublishError } from "./publisher/publish-error.ts";
export { rawEvent } from "./publisher/raw-event.ts";
export type { RawEvent } from "./publisher/raw-event.ts";
export type { BatchingOptions, PublisherOptions } from "./publisher/options.ts";
export type { Publisher, PublisherStopReport } from "./publisher/publisher.ts";
export type { PublishResult, Verdict, VerdictStatus } from "./publisher/verdict.ts";
export type { BackoffOptions } from "./stream/backoff.ts";
export type { Batch, StreamCursor } from "./stream/batch.ts";
export type { BatchStream } from "./stream/batch-stream.ts";
export type { CommitResult } from "./stream/committer.ts";
export type { StreamOptions } from "./stream/options.ts";
export type { ReadingOptions } from "./stream/reading-options.ts";
export type { StreamState } from "./stream/stream-session.ts";
export type {
  BufferedResponse,
  RequestLimits,
  ResponseHead,
  StreamListener,
  StreamResponse,
  Transport,
  TransportRequest,
} from "./transport/transport.ts";
export { UndiciTransport } from "./transport/undici-transport.ts";
export type { UndiciTransportOptions } from "./transport/undici-transport.ts";
export type {
  Admins,
  Audience,
  Authorization,
  AuthorizationAttribute,
  Blacklist,
  BlacklistType,
  BusinessEvent,
  Category,
  CleanupPolicy,
  CompatibilityMode,
  Cursor,
  CursorDistance,
  CursorLag,
  CursorPair,
  CursorShift,
  DataChangeEvent,
  DataOperation,
  DeliveredMetadata,
  EventMetadata,
  EventOwnerSelector,
  EventType,
  EventTypeAuthorization,
  EventTypeOptions,
  EventTypePartition,
  EventTypeStatistics,
  Feature,
  Partition,
  PartitionCursor,
  PartitionStrategy,
  ReadFrom,
  Schema,
  SchemaCompatibility,
  ServerMetrics,
  ServerVersion,
  Storage,
  Subscription,
  SubscriptionCursor,
  SubscriptionEventTypeStats,
  SubscriptionPartitionStats,
  SubscriptionRequest,
  Timeline,
  Tombstone,
} from "nakadi-protocol";
