/**
 * The events of one call, until each has its verdict: which to send next, in how many requests at most, and what is said of those
 * that nobody has taken when tries or time are spent.
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
  /** Whether what may be stored is sent again. */
  resendUnknown: boolean;
}

interface Slot {
  /** What the last try said. */
  item: ItemVerdict;
  /** Tries that have stored it, or may have. */
  stores: number;
}

const UNTRIED: ItemVerdict = { status: "aborted", detail: "it was not sent" };

export class PublishRun {
  readonly #limits: RunLimits;
  readonly #slots: Slot[];
  /** Requests that are still to be made, by the events' indexes; never one without events. */
  #queue: (readonly number[])[];
  #tries = 0;
  /** Tries in a row that brought nothing. */
  #failures = 0;
  #cause: NakadiError | undefined;

  constructor(count: number, limits: RunLimits) {
    this.#limits = limits;
    this.#slots = Array.from({ length: count }, () => ({ item: UNTRIED, stores: 0 }));
    this.#queue = count === 0 ? [] : [this.#slots.map((_, index) => index)];
  }

  /** The events of the next request, by their indexes; nothing when the verdicts are final. */
  get next(): readonly number[] | undefined {
    return this.#queue[0];
  }

  /** What went wrong last. */
  get cause(): NakadiError | undefined {
    return this.#cause;
  }

  /**
   * Takes the answer to the request for `next`.
   * @param elapsedMs since the run began
   * @param random 0 up to 1
   * @returns milliseconds to wait before the next request
   */
  take(answer: Answer, elapsedMs: number, random: number): number {
    const [sent = [], ...behind] = this.#queue;
    this.#tries += 1;
    this.#cause = answer.error ?? this.#cause;
    const open = sent.filter((event, position) => this.#note(event, answer.items[position] ?? UNTRIED));
    this.#failures = open.length < sent.length || answer.next === "split" ? 0 : this.#failures + 1;
    const plan = this.#plan(answer, sent, open, behind);
    const delayMs = this.#delayMs(answer, random);
    const { attempts, maxElapsedMs } = this.#limits;
    const isSpent = this.#tries >= attempts || elapsedMs + delayMs >= maxElapsedMs;
    this.#queue = isSpent ? [] : plan;
    if (this.#queue.length === 0) this.#spare(plan.length === 0 ? behind : plan);
    return delayMs;
  }

  /** Nothing more is sent. */
  stop(cause: NakadiError): void {
    this.#cause = cause;
    this.#spare(this.#queue);
    this.#queue = [];
  }

  /** What is known now; final when there is no `next`. */
  verdicts(eids: readonly (string | undefined)[]): Verdict[] {
    return this.#slots.map(({ item: { status, step, detail }, stores }, index) => ({
      // What an earlier try may have stored is neither aborted nor rejected by a later one.
      status: status === "submitted" || stores === 0 ? status : "unknown",
      eid: eids[index],
      step,
      detail,
      mayBeDuplicated: stores > 1,
    }));
  }

  /** Whether it may be sent again. */
  #note(event: number, item: ItemVerdict): boolean {
    const slot = this.#slots[event];
    if (!slot) return false;
    const stores = item.status === "submitted" || item.status === "unknown";
    this.#slots[event] = { item, stores: slot.stores + (stores ? 1 : 0) };
    return item.status === "aborted" || item.status === "unknown";
  }

  /** What was refused only together with others, and is not tried without them. */
  #spare(parts: readonly (readonly number[])[]): void {
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
    // Else the end: what is behind must not overtake what was not stored.
    return next === "stop" || (uncertain && !this.#limits.resendUnknown) ? [] : [open, ...behind];
  }

  #delayMs({ next, error }: Answer, random: number): number {
    if (next !== "later") return 0;
    const askedMs = error instanceof HttpError ? error.retryAfterMs : undefined;
    return backoffMs(Math.max(0, this.#failures - 1), this.#limits, random, askedMs);
  }
}
