/**
 * Events that are published as their JSON text, so that numbers keep every digit.
 * @pure
 */
import { ConfigError } from "../errors/nakadi-error.ts";

/** Two installed copies of this package recognise each other's. */
const TEXT: unique symbol = Symbol.for("nakadi-client.raw-event");

/** An event as a JSON text, which neither `inspect` nor `JSON.stringify` shows. */
export interface RawEvent {
  readonly [TEXT]: string;
}

/** Marks the object: publishers send the text instead of its members. */
export function publishedAs<T extends object>(object: T, text: string): T & RawEvent {
  return Object.defineProperty(object, TEXT, { get: () => text }) as T & RawEvent;
}

/**
 * An event that a publisher or an outbox sends as this text: `publisher.publish(batch.raws.map(rawEvent))` forwards events with
 * every digit, which parsing would round. Missing metadata are filled in nevertheless.
 *
 * `publish` checks that it is a JSON object.
 * @param json a string, or its bytes in UTF-8
 * @throws {ConfigError} for any other type
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
