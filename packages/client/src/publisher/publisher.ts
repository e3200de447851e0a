/** A publisher of one event type: `publish` for whole batches, `send` for single events (protocol 4). */
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

/** Events by verdict between the call of `stop` and its end. */
export type PublisherStopReport = Readonly<Record<VerdictStatus, number>>;

export interface Publisher<E = unknown> extends AsyncDisposable {
  readonly eventType: string;
  /**
   * Sends the events in one request and returns a verdict per event. Events that the server did not store are sent again while a
   * retry can succeed, up to `retry.attempts` requests and `retry.maxElapsedMs` milliseconds. Nothing is sent for `[]`.
   *
   * An abort rejects with its reason; events of a request in flight may be stored nevertheless.
   * @throws {ConfigError} before anything is sent, if an event is not a JSON object or holds a value that JSON cannot represent;
   *   {PublishError} if not every event was stored, unless `throwOn` is `never`
   */
  publish(events: readonly (E | RawEvent)[], options?: { signal?: AbortSignal }): Promise<PublishResult>;
  /**
   * Deletes keys of a compacted event type. Consumers do not receive tombstones (protocol 4.8). They are retried and judged as
   * events are; `consumerSubscriptionId` does not apply.
   * @throws {ConfigError} before anything is sent, if one has no `metadata.partition_compaction_key`; {PublishError} as `publish`
   */
  delete(tombstones: readonly Tombstone[], options?: { signal?: AbortSignal }): Promise<PublishResult>;
  /**
   * Sends the event in a batch with others and returns its verdict. Events of one `partitionKey` keep the order of the calls. Above
   * `batching.maxPendingEvents` the event is serialised later: do not change it before the promise settles.
   * @throws {ConfigError} if it is not a JSON object or holds a value that JSON cannot represent; {PublishError} if it was not
   *   stored, unless `throwOn` is `never`
   */
  send(event: E | RawEvent): Promise<Verdict>;
  /** Resolves when `send` accepts another event at once. Await it in a loop that does not await each `send`. */
  ready(): Promise<void>;
  /** Sends the events of earlier `send` calls without linger; resolves when each has its verdict. */
  flush(): Promise<void>;
  /**
   * Accepts no more events, waits up to `drainMs` milliseconds for the verdicts of the accepted ones, then closes. Later calls of
   * `send` end as `aborted`. Idempotent.
   * @param options.drainMs default 10 000
   */
  stop(options?: { drainMs?: number }): Promise<PublisherStopReport>;
  /** Ends all calls now: unsent events are `aborted`, events in flight `unknown`. Idempotent. */
  close(): Promise<void>;
}

export interface PublisherParts extends Omit<SenderParts, "closed" | "encode"> {
  clock: Clock;
  /** The objects that the client closes together with itself. */
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
  /** Requested once. A program that recreates an event type with another category must recreate its publishers. */
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
    // `map` skips holes, which must be refused.
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

  /** @throws {PublishError} unless every event was stored or `throwOn` is `never` */
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

/** The result of a call after `stop`. */
function refused(events: readonly EventText[]): PublishResult {
  return { verdicts: events.map(({ eid }) => abortedVerdict(eid)), cause: closedError() };
}

function abortedVerdict(eid: string | undefined): Verdict {
  return { status: "aborted", eid, step: undefined, detail: "the publisher is closed", mayBeDuplicated: false };
}
