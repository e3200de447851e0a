/**
 * The consumer as programs use it.
 * @pure
 */
import type { EventTypePartition } from "nakadi-protocol";
import type { ConsumerHealth } from "./reporting/health.ts";
import type { ConsumerState } from "./reporting/observers.ts";
import type { StopReport } from "./reporting/stop-report.ts";

export interface StopOptions {
  /** Milliseconds that running handlers have to end, 0 or more. Default 10 000. The last commit may take 5 000 more. */
  drainMs?: number;
  /** Ends that time early. */
  signal?: AbortSignal;
}

export interface Consumer extends AsyncDisposable {
  readonly state: ConsumerState;
  /**
   * Resolves when the consumer has stopped, rejects with the error that it failed with. Where neither this nor `onFailed` is
   * used, a failure is a process warning.
   */
  readonly done: Promise<StopReport>;
  /**
   * Drains: begins no batch, waits for running handlers, commits done batches and frees the slot, within `drainMs` plus 5 s. A
   * second call waits for the first.
   * @throws {NakadiError} CONFIG in a handler, which would wait for itself: `return "stop"` instead, or do not await
   */
  stop(options?: StopOptions): Promise<StopReport>;
  /** Ends at once: aborts handlers and commits nothing more. Idempotent. */
  close(): Promise<void>;
  /**
   * Begins no batch of the lane, or of any lane, until `resume`. A pause longer than the commit timeout loses the session, and its
   * batches are redelivered.
   */
  pause(lane?: EventTypePartition): void;
  /** Ends the pause of the lane; without a lane, every pause. */
  resume(lane?: EventTypePartition): void;
  /** The state for a probe. `ok` is true for an idle consumer. */
  health(): ConsumerHealth;
}
