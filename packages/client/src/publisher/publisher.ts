/** Publishing events of one type (protocol 4). */
import { randomUUID } from "node:crypto";
import type { Category, Clock } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import type { EventSender, SendOptions } from "./event-sender.ts";
import { eventText, type EventText, type Filling } from "./event-text.ts";
import type { PublisherSettings } from "./options.ts";
import { PublishError } from "./publish-error.ts";
import type { PublishResult } from "./verdict.ts";

export interface Publisher<E = unknown> {
  readonly eventType: string;
  /**
   * Sends the events, in one request where all goes well, and says what became of each. What the server has not stored is sent
   * again while that can help, for `retry.attempts` requests and `retry.maxElapsedMs` at most. Nothing is sent for `[]`.
   *
   * An abort rejects with its reason; what was under way then may be stored or not.
   * @throws {ConfigError} if an event is no JSON object, before anything is sent; {PublishError} if not every event was stored,
   *   unless `throwOn` is `never`
   */
  publish(events: readonly E[], options?: { signal?: AbortSignal }): Promise<PublishResult>;
}

export class EventTypePublisher<E> implements Publisher<E> {
  readonly eventType: string;
  readonly #sender: EventSender;
  readonly #settings: PublisherSettings;
  readonly #clock: Clock;
  readonly #filling: Filling;
  /** Asked for once: whoever creates a type anew with another category creates its publishers anew. */
  #category: Category | undefined;

  constructor(eventType: string, sender: EventSender, settings: PublisherSettings, clock: Clock) {
    this.eventType = eventType;
    this.#sender = sender;
    this.#settings = settings;
    this.#clock = clock;
    this.#category = settings.category;
    this.#filling = { eid: randomUUID, occurredAt: () => new Date(clock.wallMs()).toISOString() };
  }

  async publish(events: readonly E[], { signal }: { signal?: AbortSignal } = {}): Promise<PublishResult> {
    if (!Array.isArray(events)) throw new ConfigError("events", "an array");
    const result = await this.#publish(events, signal);
    if (!this.#settings.throws || result.verdicts.every(({ status }) => status === "submitted")) return result;
    throw new PublishError(result, `POST /event-types/${this.eventType}/events`);
  }

  async #publish(events: readonly E[], signal: AbortSignal | undefined): Promise<PublishResult> {
    const { run: limits, maxEventBytes } = this.#settings;
    const options: SendOptions = { limits, maxEventBytes, headers: {}, startedMs: this.#clock.monotonicMs(), signal };
    const texts = this.#texts(events);
    if (this.#category || events.length === 0) return this.#sender.send(texts, options);
    const found = await this.#sender.category(options);
    if ("verdict" in found) {
      return { verdicts: texts.map(({ eid }) => ({ ...found.verdict, eid })), cause: found.cause };
    }
    this.#category = found.category;
    return this.#sender.send(this.#texts(events), options);
  }

  #texts(events: readonly E[]): EventText[] {
    return events.map((event, index) => eventText(`events[${index}]`, event, this.#category, this.#filling));
  }
}
