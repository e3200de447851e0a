/**
 * Events from the bytes of their array. One that is not JSON leaves the others as they are.
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
