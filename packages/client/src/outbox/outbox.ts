/** Publishes what a program's database holds for it: claims rows, publishes their events, and has the store carry out what became of them. */
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
import type { OutboxRow, OutboxStore } from "./outbox-store.ts";
import { joined, type Settlement, settlementOf, sortedOut } from "./settlement.ts";

export interface OutboxStopReport {
  /** Rows since the outbox began that were published, and that were set aside. */
  readonly published: number;
  readonly rejected: number;
  /** Whether the store has carried out its last claim. If not, its rows are published again. */
  readonly drained: boolean;
}

export interface Outbox extends AsyncDisposable {
  /** Rows were written: the store is asked at once, unless a failure is waited out. */
  wake(): void;
  /**
   * Claims no more, and gives the claim under way `drainMs` milliseconds to end; then it closes. Rows that are not published stay
   * in the store. Idempotent.
   * @param options.drainMs default 10 000
   * @throws {NakadiError} CONFIG for the store's own claim that awaits it, and so itself
   */
  stop(options?: { drainMs?: number }): Promise<OutboxStopReport>;
  /** Ends what is under way now; the store gets a few seconds to carry out what is known of it. Idempotent. */
  close(): Promise<void>;
}

export interface OutboxParts<R extends OutboxRow> {
  store: OutboxStore<R>;
  settings: OutboxSettings<R>;
  /** A publisher that throws for nothing but wrong options. */
  publisherOf: (eventType: string) => Publisher<object>;
  clock: Clock;
  /** 0 up to 1. */
  random: () => number;
  logger: Logger;
  over: () => void;
}

/** A store that does not come back holds nobody for ever. */
const STORE_MS = 5_000;

export class StoreOutbox<R extends OutboxRow> implements Outbox {
  readonly #parts: OutboxParts<R>;
  /** Calls of the store. */
  readonly #ownCalls = new OwnCalls();
  readonly #publishers = new Map<string, Publisher<object>>();
  readonly #ending = new AbortController();
  readonly #closing = new AbortController();
  readonly #over: Promise<void>;
  /** Ends a wait for more rows. */
  #waiting: AbortController | undefined;
  #woken = false;
  /** Rounds in a row that brought nothing. */
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
    // Inside a call of the store there is nothing to wait for but itself.
    if (!this.#ownCalls.inside) await cameWithin(this.#over, STORE_MS, this.#parts.clock, []);
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

  /** One claim; how long to wait for the next, and whether `wake` may shorten that. */
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

  /** Never rejects: what one event type has come to is carried out whatever becomes of another. */
  async #publish(rows: readonly R[]): Promise<{ settlement: Settlement<R>; cause: unknown }> {
    // The store has taken its time, and its publishers are closed, but for those that there were none of yet.
    if (this.#closing.signal.aborted)
      return { settlement: { published: [], rejected: [], kept: rows }, cause: undefined };
    const { batches, rejected } = sortedOut(rows);
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
    tellObserver(call, (error) => logger.error({ observer, error }, "an observer of the outbox has failed"));
  }
}
