/**
 * Completes the metadata of an event with what the server knows; all other bytes of the event stay (protocol 4.6).
 * @pure
 */
import { jsonTokens } from "nakadi-protocol";
import { isObject } from "../event-types/schema/json-schema.ts";
import type { PublishedItem } from "./scan.ts";

export interface Enrichment {
  eventType: string;
  /** Of the event type's JSON schema. */
  version: string;
  publishedBy: string;
  receivedAt: string;
  /** The flow id of events whose metadata has none. */
  flowId: string;
}

type EnrichedItem = Pick<PublishedItem, "bytes" | "value" | "metadata">;

const UTF_8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

/** The returned function completes one event; an event without metadata stays unchanged. */
export function enricher(enrichment: Enrichment): (item: EnrichedItem, partition: number) => Uint8Array {
  const { eventType, version, publishedBy, receivedAt, flowId } = enrichment;
  const received = { received_at: receivedAt, version, published_by: publishedBy };
  /** The text that ends the metadata, by partition and by the names that the event lacks. */
  const endings = new Map<string, Uint8Array>();

  return ({ bytes, value: { metadata: given }, metadata: place }, partition) => {
    if (place === undefined || !isObject(given)) return bytes;
    const wanted = { event_type: eventType, partition: String(partition), flow_id: given["flow_id"] || flowId };
    const isRight = (name: keyof typeof wanted): boolean => given[name] === wanted[name];
    const lacks = NAMES.filter((name) => !Object.hasOwn(given, name));
    if (!NAMES.every((name) => lacks.includes(name) || isRight(name)) || place.end - place.start === EMPTY) {
      const ours = { ...wanted, ...received };
      const kept = membersOf(TEXT.decode(bytes.subarray(place.start, place.end)))
        .filter(({ name }) => !Object.hasOwn(ours, name))
        .map(({ text }) => `${text},`);
      const complete = UTF_8.encode(`{${kept.join("")}${JSON.stringify(ours).slice(1)}`);
      return spliced(bytes, place.start, complete, place.end);
    }
    const key = `${partition} ${lacks.join()}`;
    let ending = endings.get(key);
    if (ending === undefined) {
      const more = Object.fromEntries(lacks.map((name) => [name, wanted[name]]));
      ending = UTF_8.encode(`,${JSON.stringify({ ...more, ...received }).slice(1)}`);
      endings.set(key, ending);
    }
    return spliced(bytes, place.end - 1, ending, place.end);
  };
}

/** Members that the producer may have set. */
const NAMES = ["event_type", "partition", "flow_id"] as const;
const EMPTY = "{}".length;

/** `bytes` with the range from `start` to `end` replaced. */
function spliced(bytes: Uint8Array, start: number, by: Uint8Array, end: number): Uint8Array {
  const result = new Uint8Array(bytes.length - (end - start) + by.length);
  result.set(bytes.subarray(0, start));
  result.set(by, start);
  result.set(bytes.subarray(end), start + by.length);
  return result;
}

interface Member {
  name: string;
  /** Name, colon and value. */
  text: string;
}

/**
 * The members of an object as they are written, which a parsed value no longer shows.
 * @param text a valid object without whitespace outside of strings
 */
function membersOf(text: string): Member[] {
  const members: Member[] = [];
  let depth = 0;
  let start = 1;
  let name: string | undefined;
  for (const token of jsonTokens(text)) {
    const first = text[token.start];
    if (first === '"') name ??= JSON.parse(text.slice(token.start, token.end)) as string;
    else if (first === "[" || first === "{") depth++;
    else if ((first === "," && depth === 1) || ((first === "]" || first === "}") && --depth === 0)) {
      if (name !== undefined) members.push({ name, text: text.slice(start, token.start) });
      start = token.end;
      name = undefined;
    }
  }
  return members;
}
