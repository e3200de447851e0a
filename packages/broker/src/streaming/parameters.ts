/**
 * What a stream was asked for, in the units of the core: milliseconds, with every default filled in (protocol 3.1, 5.10).
 * @pure
 */
export interface StreamSettings {
  batchLimit: number;
  /** Events after which the stream ends; infinite = never. */
  streamLimit: number;
  flushMs: number;
  /** Event time that one batch may span; 0 = off. */
  timespanMs: number;
  timeoutMs: number;
  /** Consecutive keep-alives on every partition after which the stream ends; infinite = never. */
  keepAliveLimit: number;
}

export interface SessionSettings extends StreamSettings {
  maxUncommitted: number;
  commitTimeoutMs: number;
}
