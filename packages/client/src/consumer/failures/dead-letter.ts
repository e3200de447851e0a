/**
 * The envelope of an event that could not be handled, for a sink.
 * @pure
 */
import { UNREADABLE, type Parsed } from "../../stream/event-parsing.ts";
import { publishedAs } from "../../publisher/raw-event.ts";

/** Its first members are those of the server's own dead letters (protocol 3.12.4). */
export interface DeadLetter<E = unknown> {
  subscription_id: string;
  event_type: string;
  partition: string;
  /** Of the batch that the event was in. */
  offset: string;
  error: { name: string; message: string };
  /** Parsed: what JavaScript's numbers cannot hold is rounded. `undefined` where the event is not JSON. */
  event: E;
  /** The text of an event that is not JSON, in place of `event`. */
  event_text?: string;
  /** Failed attempts; 1 where the event is not JSON. */
  attempts: number;
  /** ISO 8601. */
  first_failed_at: string;
  failed_at: string;
  /** The event's bytes, as the server sent them. Neither JSON nor spreading shows them. */
  readonly raw: Uint8Array;
  /** The letter as JSON, in one line, with the event's own bytes: what a sink stores. Neither JSON nor spreading shows it. */
  readonly text: string;
}

export interface DeadLetterContext {
  /** Aborted when the session is gone, when the sink takes too long, and when the time to stop is over. */
  readonly signal: AbortSignal;
  /**
   * Publishes through the consumer's own client, until `signal` is aborted; rejects unless every event was stored. A letter is
   * published as its `text`.
   */
  publish(eventType: string, events: readonly unknown[]): Promise<void>;
}

/** What a consumer publishes dead letters with. */
export type PublishLetters = (eventType: string, events: readonly unknown[], signal: AbortSignal) => Promise<void>;

/** Resolves when the letter is stored. When it throws, it is called again; after its last attempt the consumer stops. */
export type DeadLetterSink<E = unknown> = (letter: DeadLetter<E>, context: DeadLetterContext) => void | Promise<void>;

/** Publishes dead letters as events of a type; one of category `business` gets its metadata from the publisher. */
export function toEventType(name: string): DeadLetterSink {
  return (letter, { publish }) => publish(name, [letter]);
}

export type LetterDetails = Omit<DeadLetter, "event" | "event_text" | "raw" | "text">;

/** Published as its text wherever a publisher gets it. */
class EventLetter {
  readonly #raw: Uint8Array;
  readonly #text: string;

  constructor(members: object, raw: Uint8Array, text: string) {
    Object.assign(this, members);
    this.#raw = raw;
    this.#text = text;
    publishedAs(this, text);
  }

  get raw(): Uint8Array {
    return this.#raw;
  }

  get text(): string {
    return this.#text;
  }
}

/** @param raw the event's bytes; `event` is what they say */
export function deadLetterFrom<E>(details: LetterDetails, event: Parsed<E>, raw: Uint8Array): DeadLetter<E> {
  const words = new TextDecoder().decode(raw);
  const { attempts, first_failed_at, failed_at, ...place } = details;
  const ends = { attempts, first_failed_at, failed_at };
  const member = event === UNREADABLE ? `"event_text":${JSON.stringify(words)}` : `"event":${words}`;
  const text = `${JSON.stringify(place).slice(0, -1)},${member},${JSON.stringify(ends).slice(1)}`;
  const members = { ...place, ...(event === UNREADABLE ? { event_text: words } : { event }), ...ends };
  return new EventLetter(members, raw, text) as EventLetter & DeadLetter<E>;
}

export function errorMemberOf(thrown: unknown): DeadLetter["error"] {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message };
  return { name: typeof thrown, message: typeof thrown === "string" ? thrown : "" };
}
