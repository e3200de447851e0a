/** The loop of an outbox: claim rows of the program's database, publish their events, hand the settlement to the store. */
import type { Clock } from "nakadi-protocol";
import { OwnCalls, refusedWait, SelfWaitError } from "../consumer/own-calls.ts";
import { cameWithin } from "../consumer/bounded-wait.ts";
import { HttpError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import { tellObserver } from "../observability/observer.ts";
import { wholeNumber } from "../options/checks.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { backoffMs } from "../stream/backoff.ts";
import { pause } from "../transport/pause.ts";
import type { OutboxSettings } from "./options.ts";
import type { OutboxRow, OutboxStore, Settlement } from "./outbox-store.ts";
import { batchesOf, joined, settlementOf } from "./settlement.ts";

export interface OutboxStopReport {
  /** Rows published since the outbox began. */
  readonly published: number;
  /** Rows set aside since the outbox began. */
  readonly rejected: number;
  /** Whether the store has applied its last settlement. If not, the rows of that claim are published again. */
  readonly drained: boolean;
}

export interface Outbox extends AsyncDisposable {
  /** Call it after writing rows: claims at once, except during a back-off. */
  wake(): void;
  /**
   * Makes no new claim, waits up to `drainMs` milliseconds for the claim in flight, then closes. Unpublished rows stay in the
   * store. Idempotent.
   * @param options.drainMs default 10 000
   * @throws {NakadiError} CONFIG where the store awaits it inside `claim`: that would be a deadlock
   */
  stop(options?: { drainMs?: number }): Promise<OutboxStopReport>;
  /** Aborts the publish call in flight; the store has 5 s to apply the settlement of the events with a known outcome. Idempotent. */
  close(): Promise<void>;
}

export interface OutboxParts<R extends OutboxRow> {
  store: OutboxStore<R>;
  settings: OutboxSettings<R>;
  /** A publisher with `throwOn: "never"`. */
  publisherOf: (eventType: string) => Publisher<object>;
  clock: Clock;
  /** 0 up to 1. */
  random: () => number;
  logger: Logger;
  over: () => void;
}

/** Bounds the wait for a store that never returns from `claim`. */
const STORE_TIMEOUT_MS = 5_000;

export class StoreOutbox<R extends OutboxRow> implements Outbox {
  readonly #parts: OutboxParts<R>;
  /** Calls of the store in flight, to detect a call of `stop` from inside one. */
  readonly #ownCalls = new OwnCalls();
  readonly #publishers = new Map<string, Publisher<object>>();
  readonly #ending = new AbortController();
  readonly #closing = new AbortController();
  readonly #over: Promise<void>;
  /** Ends a wait for more rows. */
  #waiting: AbortController | undefined;
  #woken = false;
  /** Consecutive claims without progress. */
  #failures = 0;
  #drained = false;
  #published = 0;
  #rejected = 0;
  #stopped: Promise<OutboxStopReport> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: OutboxParts<R>) {
    this.#parts = parts;
    this.#over = this.#run().then(() => void (this.#drained = true));
  }

  wake(): void {
    this.#woken = true;
    this.#waiting?.abort();
  }

  stop({ drainMs }: { drainMs?: number } = {}): Promise<OutboxStopReport> {
    const stopped = this.#stop(drainMs);
    if (!this.#ownCalls.inside) return stopped;
    return refusedWait(new SelfWaitError("outbox.stop()", "the store's claim", "do not await it there"));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(drainMs: number | undefined): Promise<OutboxStopReport> {
    const limitMs = wholeNumber("options.drainMs", drainMs, { min: 0 }, 10_000);
    this.#stopped ??= this.#drain(limitMs);
    return this.#stopped;
  }

  async #drain(drainMs: number): Promise<OutboxStopReport> {
    this.#ending.abort();
    await cameWithin(this.#over, drainMs, this.#parts.clock, [this.#closing.signal]);
    await this.close();
    return { published: this.#published, rejected: this.#rejected, drained: this.#drained };
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    this.#closing.abort();
    await Promise.all([...this.#publishers.values()].map((publisher) => publisher.close()));
    // Inside a call of the store this would wait for itself.
    if (!this.#ownCalls.inside) await cameWithin(this.#over, STORE_TIMEOUT_MS, this.#parts.clock, []);
    this.#parts.over();
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      this.#woken = false;
      const { delayMs, wakeable } = await this.#round();
      if (delayMs === 0 || (wakeable && this.#woken) || this.#ending.signal.aborted) continue;
      const waiting = new AbortController();
      this.#waiting = wakeable ? waiting : undefined;
      const end = (): void => waiting.abort();
      this.#ending.signal.addEventListener("abort", end, { once: true });
      await pause(this.#parts.clock, delayMs, undefined, waiting.signal);
      this.#ending.signal.removeEventListener("abort", end);
    }
  }

  /** Makes one claim. Returns the delay before the next one, and whether `wake` may shorten it. */
  async #round(): Promise<{ delayMs: number; wakeable: boolean }> {
    const { store, settings } = this.#parts;
    let claimed = 0;
    let settlement: Settlement<R> = joined<R>([]);
    let cause: unknown;
    try {
      await this.#ownCalls.run(() =>
        store.claim(settings.maxRows, async (rows) => {
          claimed = rows.length;
          const results = await this.#publish(rows);
          ({ cause } = results);
          settlement = results.settlement;
          return settlement;
        }),
      );
    } catch (error) {
      return this.#failed(error, false);
    }
    this.#count(settlement);
    if (settlement.kept.length > 0) return this.#failed(cause, claimed > settlement.kept.length);
    this.#failures = 0;
    return claimed < settings.maxRows ? { delayMs: settings.pollMs, wakeable: true } : { delayMs: 0, wakeable: true };
  }

  /** Never rejects: the settlement of one event type is applied even if another one fails. */
  async #publish(rows: readonly R[]): Promise<{ settlement: Settlement<R>; cause: unknown }> {
    // The store called `work` after `close`: publishers created now would not be closed.
    if (this.#closing.signal.aborted)
      return { settlement: { published: [], rejected: [], kept: rows }, cause: undefined };
    const { batches, rejected } = batchesOf(rows);
    let cause: unknown;
    const parts = await Promise.all(
      [...batches].map(async ([eventType, batch]): Promise<Settlement<R>> => {
        try {
          const result = await this.#publisher(eventType).publish(batch.map(({ event }) => event));
          cause ??= result.cause;
          return settlementOf(batch, result);
        } catch (error) {
          cause = error;
          return { published: [], rejected: [], kept: batch };
        }
      }),
    );
    return { settlement: joined([{ published: [], rejected, kept: [] }, ...parts]), cause };
  }

  #publisher(eventType: string): Publisher<object> {
    const publisher = this.#publishers.get(eventType) ?? this.#parts.publisherOf(eventType);
    this.#publishers.set(eventType, publisher);
    return publisher;
  }

  #count({ published, rejected }: Settlement<R>): void {
    this.#published += published.length;
    this.#rejected += rejected.length;
    for (const one of rejected) this.#tell("onRejected", () => this.#parts.settings.onRejected?.(one));
  }

  #failed(error: unknown, progress: boolean): { delayMs: number; wakeable: boolean } {
    const { settings, random } = this.#parts;
    this.#failures = progress ? 1 : this.#failures + 1;
    const askedMs = error instanceof HttpError ? error.retryAfterMs : undefined;
    const delayMs = backoffMs(this.#failures - 1, settings.retry, random(), askedMs);
    if (!this.#ending.signal.aborted) this.#tell("onRetry", () => settings.onRetry?.(error, delayMs));
    return { delayMs, wakeable: false };
  }

  #tell(observer: string, call: () => unknown): void {
    const { logger } = this.#parts;
    tellObserver(call, (error) => logger.error({ observer, error }, "outbox observer failed"));
  }
}
