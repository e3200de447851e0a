/**
 * A consumer as the program sees it (design 3.1, 3.5).
 * @pure
 */
import type { EventTypePartition } from "nakadi-protocol";
import type { ConsumerHealth } from "./reporting/health.ts";
import type { ConsumerState } from "./reporting/observers.ts";
import type { StopReport } from "./reporting/stop-report.ts";

export interface StopOptions {
  /** Milliseconds for handlers that run to come to an end, 0 or more. Default 10 000. The last commit may take 5 000 more. */
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
   * Stops: nothing new begins, handlers that run may come to an end, what is done is committed, the slot is free. It never
   * takes longer than it was given; a second call waits for the first.
   * @throws {NakadiError} CONFIG for a handler that awaits it, and so itself: it answers with `return "stop"`, or does not await
   */
  stop(options?: StopOptions): Promise<StopReport>;
  /** Over at once: handlers are aborted, nothing more is committed. Idempotent. */
  close(): Promise<void>;
  /** Nothing of the lane, or of any, begins until `resume`. What waits too long is lost to the commit timeout and comes again. */
  pause(lane?: EventTypePartition): void;
  /** Undoes a pause of the lane; without one, every pause. */
  resume(lane?: EventTypePartition): void;
  /** How it is, for a probe: an idle consumer is well, a dead one is not. */
  health(): ConsumerHealth;
}
