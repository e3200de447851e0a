/**
 * The broker's limits, with the real server's defaults (protocol 0.7) and our own where it has none.
 * @pure
 */
export interface Limits {
  /** Bytes of one event's text, before enrichment. */
  maxEventBytes: number;
  /** Events of one publishing request. */
  maxBatchEvents: number;
  /** Bytes of one request's body, after decompression. */
  maxBodyBytes: number;
  /** How deep arrays and objects of an event may nest. */
  maxEventDepth: number;
  /** UTF-16 code units of one schema's text: compiling it blocks the broker for some 5 ms a kilobyte. */
  maxSchemaLength: number;
  /** Partitions of one event type; more are silently capped on create. */
  maxPartitions: number;
  defaultRetentionMs: number;
  minRetentionMs: number;
  maxRetentionMs: number;
  /** Partitions over all event types of one subscription. */
  maxSubscriptionPartitions: number;
  /** Longest and default commit timeout of a stream. */
  maxCommitTimeoutSeconds: number;
  maxStreamTimeoutSeconds: number;
  /** Bytes that one stream keeps read and not yet sent. */
  maxStreamBufferBytes: number;
  /** How long a client may take to send a request. */
  requestTimeoutMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxEventBytes: 999_000,
  maxBatchEvents: 500_000,
  maxBodyBytes: 50_000_000,
  maxEventDepth: 1_000,
  maxSchemaLength: 200_000,
  maxPartitions: 8,
  defaultRetentionMs: 172_800_000,
  minRetentionMs: 10_800_000,
  maxRetentionMs: 345_600_000,
  maxSubscriptionPartitions: 100,
  maxCommitTimeoutSeconds: 60,
  maxStreamTimeoutSeconds: 4_200,
  maxStreamBufferBytes: 50_000_000,
  requestTimeoutMs: 60_000,
};
