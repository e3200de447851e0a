/**
 * The state machine of one publish call: which events to send next, when to split or retry, and the verdict on each event when the
 * requests or the time are used up.
 * @pure
 */
import { type NakadiError, HttpError } from "../errors/nakadi-error.ts";
import { backoffMs, type BackoffOptions } from "../stream/backoff.ts";
import type { Answer, ItemVerdict } from "./answer.ts";
import type { Verdict } from "./verdict.ts";

export interface RunLimits extends BackoffOptions {
  /** Requests at most. */
  attempts: number;
  /** Milliseconds at most, waits included. */
  maxElapsedMs: number;
  /** Whether events that may be stored are sent again. */
  resendUnknown: boolean;
}

interface Slot {
  /** Outcome of the last request with the event. */
  item: ItemVerdict;
  /** Requests that stored the event or may have. */
  stores: number;
}

const UNTRIED: ItemVerdict = { status: "aborted", detail: "the event was not sent" };

export class PublishRun {
  readonly #limits: RunLimits;
  readonly #slots: Slot[];
  /** Indexes of the events of each request to make; never empty lists. */
  #queue: (readonly number[])[];
  #tries = 0;
  /** Consecutive requests without progress. */
  #failures = 0;
  #cause: NakadiError | undefined;

  constructor(count: number, limits: RunLimits) {
    this.#limits = limits;
    this.#slots = Array.from({ length: count }, () => ({ item: UNTRIED, stores: 0 }));
    this.#queue = count === 0 ? [] : [this.#slots.map((_, index) => index)];
  }

  /** Indexes of the events of the next request; `undefined` when the verdicts are final. */
  get next(): readonly number[] | undefined {
    return this.#queue[0];
  }

  /** The last error. */
  get cause(): NakadiError | undefined {
    return this.#cause;
  }

  /**
   * Applies the answer to the request for `next`.
   * @param elapsedMs since the run began
   * @param random 0 up to 1
   * @returns milliseconds to wait before the next request
   */
  take(answer: Answer, elapsedMs: number, random: number): number {
    const [sent = [], ...behind] = this.#queue;
    this.#tries += 1;
    this.#cause = answer.error ?? this.#cause;
    const open = sent.filter((event, position) => this.#record(event, answer.items[position] ?? UNTRIED));
    this.#failures = open.length < sent.length || answer.next === "split" ? 0 : this.#failures + 1;
    const plan = this.#plan(answer, sent, open, behind);
    const delayMs = this.#delayMs(answer, random);
    const { attempts, maxElapsedMs } = this.#limits;
    const isSpent = this.#tries >= attempts || elapsedMs + delayMs >= maxElapsedMs;
    this.#queue = isSpent ? [] : plan;
    if (this.#queue.length === 0) this.#abortUntried(plan.length === 0 ? behind : plan);
    return delayMs;
  }

  /** Nothing more is sent. */
  stop(cause: NakadiError): void {
    this.#cause = cause;
    this.#abortUntried(this.#queue);
    this.#queue = [];
  }

  /** The current verdicts; final when there is no `next`. */
  verdicts(eids: readonly (string | undefined)[]): Verdict[] {
    return this.#slots.map(({ item: { status, step, detail }, stores }, index) => ({
      // An event that an earlier request may have stored is neither aborted nor rejected by a later one.
      status: status === "submitted" || stores === 0 ? status : "unknown",
      eid: eids[index],
      step,
      detail,
      mayBeDuplicated: stores > 1,
    }));
  }

  /** Whether the event may be sent again. */
  #record(event: number, item: ItemVerdict): boolean {
    const slot = this.#slots[event];
    if (!slot) return false;
    const stores = item.status === "submitted" || item.status === "unknown";
    this.#slots[event] = { item, stores: slot.stores + (stores ? 1 : 0) };
    return item.status === "aborted" || item.status === "unknown";
  }

  /** An event that was only refused together with others, and is not sent without them, counts as aborted. */
  #abortUntried(parts: readonly (readonly number[])[]): void {
    for (const event of parts.flat()) {
      const slot = this.#slots[event];
      if (slot?.item.status === "rejected") slot.item = { ...slot.item, status: "aborted" };
    }
  }

  #plan(
    { next, items }: Answer,
    sent: readonly number[],
    open: readonly number[],
    behind: (readonly number[])[],
  ): (readonly number[])[] {
    if (next === "split") {
      const middle = Math.ceil(sent.length / 2);
      return [sent.slice(0, middle), sent.slice(middle), ...behind];
    }
    if (open.length === 0) return behind;
    const uncertain = items.some(({ status }) => status === "unknown");
    // The run ends here, because later events must not overtake one that is not stored.
    return next === "stop" || (uncertain && !this.#limits.resendUnknown) ? [] : [open, ...behind];
  }

  #delayMs({ next, error }: Answer, random: number): number {
    if (next !== "later") return 0;
    const askedMs = error instanceof HttpError ? error.retryAfterMs : undefined;
    return backoffMs(Math.max(0, this.#failures - 1), this.#limits, random, askedMs);
  }
}
