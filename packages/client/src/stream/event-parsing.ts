/**
 * Parses the events of a batch. An event that is not JSON does not affect the others.
 * @pure
 */
import { eachEvent } from "nakadi-protocol";

/** In the place of an event that is not JSON. */
export const UNREADABLE: unique symbol = Symbol("unreadable");

export type Parsed<E> = E | typeof UNREADABLE;

const decoder = new TextDecoder();

export function parsedEvents<E>(raw: Uint8Array): readonly Parsed<E>[] {
  try {
    return JSON.parse(decoder.decode(raw)) as readonly E[];
  } catch {
    return Array.from(eachEvent(raw), (event) => parsedEvent<E>(event));
  }
}

export function parsedEvent<E>(raw: Uint8Array): Parsed<E> {
  try {
    return JSON.parse(decoder.decode(raw)) as E;
  } catch {
    return UNREADABLE;
  }
}
