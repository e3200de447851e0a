/**
 * Resolves the failure of events whose last attempt has failed: asks the policy, and delivers dead letters to the sink. A sink
 * that fails or hangs is retried as a handler is; after its last attempt the consumer fails (SPEC rule 2).
 */
import type { Clock } from "nakadi-protocol";
import { NakadiError, TimeoutError } from "../../errors/nakadi-error.ts";
import type { Logger } from "../../observability/logger.ts";
import { pause } from "../../transport/pause.ts";
import { type Parsed, UNREADABLE } from "../../stream/event-parsing.ts";
import {
  type DeadLetter,
  type DeadLetterContext,
  errorMemberOf,
  deadLetterFrom,
  type PublishLetters,
} from "./dead-letter.ts";
import { checkedAction, type FailureAction, type FailureSettings, judge } from "./failure-policy.ts";
import { eventsFrom } from "../handling/event-slices.ts";
import { eventsOfPart, rawsOf, type WorkPart } from "../handling/work.ts";

export interface FailureResolverParts<E> {
  subscription: string;
  settings: FailureSettings<E>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  publish: PublishLetters;
  retrying: (error: NakadiError, delayMs: number) => void;
  /** The events were skipped, or delivered as dead letters. */
  gaveUp: (action: "skip" | "dead-letter", events: number) => void;
}

const EMPTY = new Uint8Array();
/** A sink that takes longer than this has failed. */
const SINK_TIMEOUT_MS = 30_000;

export class FailureResolver<E> {
  readonly #parts: FailureResolverParts<E>;

  constructor(parts: FailureResolverParts<E>) {
    this.#parts = parts;
  }

  /** Returns the action that was taken; only `skip` and `dead-letter` make the events done. @throws what the policy or sink throws */
  async resolveFailure(part: WorkPart<E>, error: unknown, signal: AbortSignal): Promise<FailureAction> {
    const parsed = eventsOfPart(part, await eventsFrom<E>(part.work.batch.raw));
    signal.throwIfAborted();
    const { settings, logger, gaveUp } = this.#parts;
    const { cursor } = part.work.batch;
    const raws = rawsOf(part);
    const events = parsed.filter((event) => event !== UNREADABLE) as readonly E[];
    const failure = { error, event: single(events), events, raws, cursor, attempts: part.attempts };
    const { onExhausted } = settings;
    const action = typeof onExhausted === "function" ? checkedAction(await onExhausted(failure)) : onExhausted;
    signal.throwIfAborted();
    if (action === "dead-letter") {
      for (const [index, event] of parsed.entries())
        await this.#deliverWithRetries(this.#letterFor(part, event, raws[index] ?? EMPTY, error), signal);
    }
    if (action === "skip" || action === "dead-letter") {
      const { event_type, partition, offset } = cursor;
      const fields = { event_type, partition, offset, events: parsed.length, attempts: part.attempts };
      logger.warn(fields, action === "skip" ? "events skipped" : "events delivered as dead letters");
      gaveUp(action, parsed.length);
    }
    return action;
  }

  #letterFor(
    { work, attempts, firstFailedAtMs }: WorkPart<E>,
    event: Parsed<E>,
    raw: Uint8Array,
    error: unknown,
  ): DeadLetter<E> {
    const { subscription, clock } = this.#parts;
    const { event_type, partition, offset } = work.batch.cursor;
    const nowMs = clock.wallMs();
    const details = {
      subscription_id: subscription,
      event_type,
      partition,
      offset,
      error: errorMemberOf(error),
      attempts,
      first_failed_at: new Date(firstFailedAtMs ?? nowMs).toISOString(),
      failed_at: new Date(nowMs).toISOString(),
    };
    return deadLetterFrom(details, event, raw);
  }

  async #deliverWithRetries(letter: DeadLetter<E>, signal: AbortSignal): Promise<void> {
    const { settings, clock, random, retrying } = this.#parts;
    for (let attempts = 1; ; attempts += 1) {
      try {
        await this.#deliverOnce(letter, signal);
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        const error = new NakadiError("HANDLER", `the dead-letter sink failed ${attempts} times`, { cause: thrown });
        const verdict = judge({ size: 1, attempts, halved: false }, settings, random());
        if (verdict.kind !== "retry") throw error;
        retrying(error, verdict.delayMs);
        await pause(clock, verdict.delayMs, signal);
      }
    }
  }

  /** One call of the sink. It has failed when the timeout passes, whatever it does later. */
  async #deliverOnce(letter: DeadLetter<E>, signal: AbortSignal): Promise<void> {
    const { settings, clock, publish } = this.#parts;
    const { deadLetter } = settings;
    if (!deadLetter) throw new NakadiError("HANDLER", "a dead letter has no sink: set options.failure.deadLetter");
    signal.throwIfAborted();
    const over = new AbortController();
    const end = (): void => over.abort(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    const timer = clock.schedule(SINK_TIMEOUT_MS, () =>
      over.abort(new TimeoutError(`the dead-letter sink took longer than ${SINK_TIMEOUT_MS} ms`)),
    );
    const aborted = new Promise<never>((_, reject) => {
      over.signal.addEventListener("abort", () => reject(over.signal.reason as Error), { once: true });
    });
    const context: DeadLetterContext = {
      signal: over.signal,
      publish: (eventType, events) => publish(eventType, events, over.signal),
    };
    try {
      await Promise.race([deadLetter(letter, context), aborted]);
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", end);
    }
  }
}

function single<E>(events: readonly E[]): E | undefined {
  return events.length === 1 ? events[0] : undefined;
}
