/**
 * When a stream ends by itself, why, and what its client reads last (protocol 3.6.5, 3.6.6, 3.7, 3.9).
 * @pure
 */
import type { StreamSettings } from "../stream-parameters.ts";
import type { HeldPartitions } from "./held-partitions.ts";
import type { PartitionWindow } from "./partition-window.ts";

export interface Ending {
  /** Text of the last line; without it there is none. */
  debug?: string;
  /** Whether commits are waited for. */
  closing: boolean;
}

export class Deadlines {
  readonly #settings: StreamSettings;
  readonly #held: HeldPartitions;
  readonly #timeoutAtMs: number;
  /** One commit timer for all partitions of a stream. */
  #commitTimerSinceMs: number;
  /** Distance that commits have moved on. */
  #committedEvents = 0;

  constructor(settings: StreamSettings, held: HeldPartitions, nowMs: number) {
    this.#settings = settings;
    this.#held = held;
    this.#timeoutAtMs = nowMs + settings.timeoutMs;
    this.#commitTimerSinceMs = nowMs;
  }

  /** Call it before events are counted as sent: the first event after everything was committed starts the commit timer. */
  eventsSent(nowMs: number): void {
    if (this.#held.uncommitted === 0) this.#commitTimerSinceMs = nowMs;
  }

  /** Each commit that moves a partition on restarts the commit timer. */
  eventsCommitted(distance: number, nowMs: number): void {
    this.#committedEvents += distance;
    this.#commitTimerSinceMs = nowMs;
  }

  /** Whether the stream timeout is reached: what is buffered is flushed then. */
  isTimeoutReached(nowMs: number): boolean {
    return nowMs >= this.#timeoutAtMs;
  }

  /** When the commit timeout is reached, if any event is uncommitted until then. */
  get commitDueMs(): number {
    return this.#commitTimerSinceMs + this.#settings.commitTimeoutMs;
  }

  /** Whether a commit is overdue: of any event, or of a partition that another stream waits for. */
  isCommitDue(nowMs: number): boolean {
    if (this.#held.uncommitted === 0) return false;
    return nowMs >= Math.min(this.commitDueMs, ...this.#handOversDueMs());
  }

  /** `undefined` while the stream goes on. */
  endingAt(nowMs: number): Ending | undefined {
    const { streamLimit, keepAliveLimit } = this.#settings;
    const { windows, uncommitted } = this.#held;
    if (this.#committedEvents >= streamLimit)
      return { debug: `Stream limit in events reached: ${streamLimit}`, closing: true };
    if (uncommitted > 0 && nowMs >= this.commitDueMs) return { debug: "Commit timeout reached", closing: false };
    if (this.isTimeoutReached(nowMs)) return { debug: "Stream timeout reached", closing: true };
    if (nowMs >= this.#idleDueMs) return { closing: false };
    if (windows.length > 0 && windows.every(({ keepAlives }) => keepAlives >= keepAliveLimit)) return { closing: true };
    if (windows.some((window) => window.uncommitted > 0 && nowMs >= this.#handOverDueMs(window)))
      return { closing: true };
    return undefined;
  }

  /** When time alone may end the stream. */
  get dueMs(): number {
    const commitDueMs = this.#held.uncommitted > 0 ? this.commitDueMs : Number.POSITIVE_INFINITY;
    return Math.min(this.#timeoutAtMs, this.#idleDueMs, commitDueMs, ...this.#handOversDueMs());
  }

  /** A stream that has nothing to read, and no partition to expect, ends after twice the commit timeout. */
  get #idleDueMs(): number {
    const { idleSinceMs } = this.#held;
    return idleSinceMs === undefined ? Number.POSITIVE_INFINITY : idleSinceMs + 2 * this.#settings.commitTimeoutMs;
  }

  #handOversDueMs(): number[] {
    return this.#held.windows.map((window) => this.#handOverDueMs(window));
  }

  /** When the events of a partition that another stream waits for have to be committed. */
  #handOverDueMs({ leavingSinceMs }: PartitionWindow): number {
    return leavingSinceMs === undefined ? Number.POSITIVE_INFINITY : leavingSinceMs + this.#settings.commitTimeoutMs;
  }
}
