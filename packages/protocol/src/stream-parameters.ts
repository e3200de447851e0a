/**
 * Parameters of a subscription stream, under their names on the wire (protocol 3.1). All are optional;
 * those that are absent get the server's own defaults.
 * @pure
 */
export interface StreamParameters {
  /** Events in a batch at most; 1 or more. Server default 1. */
  batch_limit?: number;
  /** Events after which the stream ends once they are committed; 0 = no limit. */
  stream_limit?: number;
  /** Seconds after which a batch is sent even if it is not full. Server default 30; 0 is taken as 30. */
  batch_flush_timeout?: number;
  /** Seconds of event time that one batch may span; 0 = off. */
  batch_timespan?: number;
  /** Seconds a stream lives; outside 1..4200 the server picks 3000 to 4199. */
  stream_timeout?: number;
  /** Consecutive keep-alives on every partition after which the stream ends; 0 = no limit. */
  stream_keep_alive_limit?: number;
  /** Offsets that may be sent and not yet committed, over all partitions of the stream. Server default 10. */
  max_uncommitted_events?: number;
  /** Seconds without a commit after which the server ends the stream; 0..60, 0 = 60. */
  commit_timeout?: number;
  /** Partitions this stream asks for by name; empty = the server assigns (POST form only). */
  partitions?: readonly EventTypePartition[];
}

/** One partition of one event type. */
export interface EventTypePartition {
  event_type: string;
  partition: string;
}
