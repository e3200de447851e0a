/** Publishing events of one type (protocol 4). */
import { randomUUID } from "node:crypto";
import type { Category, Clock, Tombstone } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { abortSignal, text, wholeNumber } from "../options/checks.ts";
import { Activity } from "./activity.ts";
import { Batcher } from "./batcher.ts";
import { closedError, EventSender, RESOURCES, type SendOptions, type SenderParts } from "./event-sender.ts";
import { completed, eventObject, eventText, type EventText, type Filling } from "./event-text.ts";
import type { PublisherSettings } from "./options.ts";
import { PublishError } from "./publish-error.ts";
import type { RawEvent } from "./raw-event.ts";
import type { PublishResult, Verdict, VerdictStatus } from "./verdict.ts";

/** How many events got which verdict between the call of `stop` and its end. */
export type PublisherStopReport = Readonly<Record<VerdictStatus, number>>;

export interface Publisher<E = unknown> extends AsyncDisposable {
  readonly eventType: string;
  /**
   * Sends the events, in one request where all goes well, and says what became of each. What the server has not stored is sent
   * again while that can help, for `retry.attempts` requests and `retry.maxElapsedMs` at most. Nothing is sent for `[]`.
   *
   * An abort rejects with its reason; what was under way then may be stored or not.
   * @throws {ConfigError} if an event is no JSON object or holds what JSON cannot say, before anything is sent; {PublishError} if not every event was stored,
   *   unless `throwOn` is `never`
   */
  publish(events: readonly (E | RawEvent)[], options?: { signal?: AbortSignal }): Promise<PublishResult>;
  /**
   * Says that keys of a compacted event type are gone; consumers never see that, but their events (protocol 4.8). Tombstones are
   * sent, and answered for, as events are; `consumerSubscriptionId` does not count.
   * @throws {ConfigError} if one has no `metadata.partition_compaction_key`, before anything is sent; {PublishError} as `publish`
   */
  delete(tombstones: readonly Tombstone[], options?: { signal?: AbortSignal }): Promise<PublishResult>;
  /**
   * Sends the event in a batch with others, and says what became of it. The order of calls is kept for each `partitionKey`. While
   * too many events wait for their verdicts, the event is taken later: leave it alone until then.
   * @throws {ConfigError} if it is no JSON object or holds what JSON cannot say; {PublishError} if it was not stored, unless `throwOn` is `never`
   */
  send(event: E | RawEvent): Promise<Verdict>;
  /** Resolves when there is room for events of `send`: await it in a loop that does not await each `send`. */
  ready(): Promise<void>;
  /** Sends what `send` was called for without waiting for more; resolves when all of it has its verdict. */
  flush(): Promise<void>;
  /**
   * Takes no more events, and gives those it has `drainMs` milliseconds to get their verdicts; then it closes. What `send` is called
   * for later is aborted. Idempotent.
   * @param options.drainMs default 10 000
   */
  stop(options?: { drainMs?: number }): Promise<PublisherStopReport>;
  /** Ends everything now: what was not sent is aborted, what is under way unknown. Idempotent. */
  close(): Promise<void>;
}

export interface PublisherParts extends Omit<SenderParts, "closed" | "encode"> {
  clock: Clock;
  /** Those that the client closes with itself. */
  open: Set<{ close(): Promise<void> }>;
}

export class EventTypePublisher<E> implements Publisher<E> {
  readonly eventType: string;
  readonly #settings: PublisherSettings<E>;
  readonly #clock: Clock;
  readonly #filling: Filling;
  readonly #sender: EventSender;
  readonly #batcher: Batcher;
  readonly #activity: Activity;
  readonly #closing = new AbortController();
  /** Asked for once: whoever creates a type anew with another category creates its publishers anew. */
  #category: Category | undefined;
  #stopped: Promise<PublisherStopReport> | undefined;
  readonly #settled = { submitted: 0, rejected: 0, aborted: 0, unknown: 0 };

  constructor(parts: PublisherParts, settings: PublisherSettings<E>) {
    const { clock, open } = parts;
    this.eventType = parts.eventType;
    this.#settings = settings;
    this.#clock = clock;
    this.#category = settings.category;
    this.#filling = { eid: randomUUID, occurredAt: () => new Date(clock.wallMs()).toISOString() };
    this.#sender = new EventSender({ ...parts, closed: this.#closing.signal, encode: settings.encode });
    this.#batcher = new Batcher({ clock, limits: settings.batching, deliver: (events) => this.#deliver(events) });
    this.#activity = new Activity(() => {
      open.add(this);
      return () => open.delete(this);
    });
  }

  async publish(events: readonly (E | RawEvent)[], { signal }: { signal?: AbortSignal } = {}): Promise<PublishResult> {
    if (!Array.isArray(events)) throw new ConfigError("events", "an array");
    abortSignal("options.signal", signal);
    // `map` alone would leave out holes.
    const texts = Array.from(events, (event: E | RawEvent, index) => this.#textOf(`events[${index}]`, event));
    return this.#judged(this.#stopped ? refused(texts) : await this.#during(() => this.#deliver(texts, signal)));
  }

  async delete(tombstones: readonly Tombstone[], { signal }: { signal?: AbortSignal } = {}): Promise<PublishResult> {
    if (!Array.isArray(tombstones)) throw new ConfigError("tombstones", "an array");
    abortSignal("options.signal", signal);
    const texts = Array.from(tombstones, (one: Tombstone, index) => {
      const path = `tombstones[${index}]`;
      const made = eventText(path, one, undefined, this.#filling);
      text(`${path}.metadata.partition_compaction_key`, one.metadata?.partition_compaction_key);
      return made;
    });
    const send = (): Promise<PublishResult> => this.#sender.send(texts, this.#sending("tombstones", signal));
    const result = this.#stopped ? refused(texts) : await this.#during(send);
    return this.#judged(result, "tombstones");
  }

  async send(event: E | RawEvent): Promise<Verdict> {
    const result = this.#stopped ? refused([this.#textOf("event", event)]) : this.#during(() => this.#enqueue(event));
    return this.#judged(await result).verdicts[0] as Verdict;
  }

  ready(): Promise<void> {
    return this.#batcher.ready();
  }

  flush(): Promise<void> {
    return this.#batcher.flush();
  }

  async stop({ drainMs }: { drainMs?: number } = {}): Promise<PublisherStopReport> {
    const limitMs = wholeNumber("options.drainMs", drainMs, { min: 0 }, 10_000);
    this.#stopped ??= this.#drain(limitMs);
    return this.#stopped;
  }

  async close(): Promise<void> {
    this.#stopped ??= Promise.resolve(this.#settled);
    this.#closing.abort();
    const cause = closedError();
    this.#batcher.abandon((event) => ({ verdict: abortedVerdict(event?.eid), cause }));
    await this.#activity.whenIdle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #drain(drainMs: number): Promise<PublisherStopReport> {
    void this.#batcher.flush();
    const timer = this.#clock.schedule(drainMs, () => void this.close());
    await this.#activity.whenIdle();
    timer.cancel();
    await this.close();
    return { ...this.#settled };
  }

  /** The result, or the error that it makes. */
  #judged(result: PublishResult, as: SendOptions["as"] = "events"): PublishResult {
    if (!this.#settings.throws || result.verdicts.every(({ status }) => status === "submitted")) return result;
    throw new PublishError(result, `POST /event-types/${this.eventType}/${RESOURCES[as]}`);
  }

  async #during(work: () => Promise<PublishResult>): Promise<PublishResult> {
    this.#activity.enter();
    try {
      const result = await work();
      if (this.#stopped) for (const { status } of result.verdicts) this.#settled[status] += 1;
      return result;
    } finally {
      this.#activity.leave();
    }
  }

  async #enqueue(event: E | RawEvent): Promise<PublishResult> {
    const { verdict, cause } = await this.#batcher.send(() => {
      const key = this.#settings.partitionKey(eventObject("event", event));
      if (key !== undefined && typeof key !== "string")
        throw new ConfigError("options.partitionKey", "a function that gives a text, or undefined");
      return { event: this.#textOf("event", event), key };
    });
    return { verdicts: [verdict], cause };
  }

  async #deliver(events: readonly EventText[], signal?: AbortSignal): Promise<PublishResult> {
    const options = this.#sending("events", signal);
    if (events.length === 0) return { verdicts: [], cause: undefined };
    const found = this.#category ? { category: this.#category } : await this.#sender.category(options);
    if ("verdict" in found) {
      return { verdicts: events.map(({ eid }) => ({ ...found.verdict, eid })), cause: found.cause };
    }
    const { category } = found;
    this.#category = category;
    const complete = events.map((event) => completed(event, category, this.#filling));
    return this.#sender.send(complete, options);
  }

  #sending(as: SendOptions["as"], signal: AbortSignal | undefined): SendOptions {
    const { run: limits, maxEventBytes, headers } = this.#settings;
    return {
      as,
      limits,
      maxEventBytes,
      headers: as === "events" ? headers : {},
      startedMs: this.#clock.monotonicMs(),
      signal,
    };
  }

  #textOf(path: string, event: E | RawEvent): EventText {
    return eventText(path, event, this.#category, this.#filling);
  }
}

/** Nothing is taken any more. */
function refused(events: readonly EventText[]): PublishResult {
  return { verdicts: events.map(({ eid }) => abortedVerdict(eid)), cause: closedError() };
}

function abortedVerdict(eid: string | undefined): Verdict {
  return { status: "aborted", eid, step: undefined, detail: "the publisher is closed", mayBeDuplicated: false };
}
