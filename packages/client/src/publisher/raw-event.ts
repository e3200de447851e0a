/**
 * Events that are published from their own text, so that no digit of a number is lost on the way.
 * @pure
 */
import { ConfigError } from "../errors/nakadi-error.ts";

/** Two installed copies of this package recognise each other's. */
const TEXT: unique symbol = Symbol.for("nakadi-client.raw-event");

/** An event as a JSON text, which neither `inspect` nor `JSON.stringify` shows. */
export interface RawEvent {
  readonly [TEXT]: string;
}

/** The same object, which is published as the text from now on. */
export function publishedAs<T extends object>(object: T, text: string): T & RawEvent {
  return Object.defineProperty(object, TEXT, { get: () => text }) as T & RawEvent;
}

/**
 * An event that a publisher, or an outbox, sends as it is written: `publisher.publish(batch.raws.map(rawEvent))` hands events on with
 * every digit, which parsing and writing them anew would round. Metadata that are missing are filled in all the same.
 *
 * Whether it is a JSON object is looked at when it is published.
 * @param json a text, or its bytes in UTF-8
 * @throws {ConfigError} if it is neither
 */
export function rawEvent(json: string | Uint8Array): RawEvent {
  if (typeof json === "string") return publishedAs({}, json);
  if (json instanceof Uint8Array) return publishedAs({}, new TextDecoder().decode(json));
  throw new ConfigError("json", "a text, or its bytes");
}

/** `undefined` for any other value. */
export function rawTextOf(event: unknown): string | undefined {
  return typeof event === "object" && event !== null && TEXT in event ? (event[TEXT] as string) : undefined;
}
