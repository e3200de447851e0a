/**
 * Fourth step: what the server knows goes into the event's metadata; every other byte stays (protocol 4.6).
 * @pure
 */
import { isObject } from "../event-types/json-schema.ts";
import { membersOf } from "./members.ts";
import type { PublishedItem } from "./scan.ts";

export interface Enrichment {
  eventType: string;
  /** Of the event type's JSON schema. */
  version: string;
  publishedBy: string;
  receivedAt: string;
  /** For events that have none. */
  flowId: string;
}

type EnrichedItem = Pick<PublishedItem, "bytes" | "value" | "metadata">;

const UTF_8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

/** Completes one event after the other; one without metadata stays as it is. */
export function enricher(enrichment: Enrichment): (item: EnrichedItem, partition: number) => Uint8Array {
  const { eventType, version, publishedBy, receivedAt, flowId } = enrichment;
  const received = { received_at: receivedAt, version, published_by: publishedBy };
  /** What is written behind the members that an event has, by what it lacks. */
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

/** Members that an event may bring along. */
const NAMES = ["event_type", "partition", "flow_id"] as const;
const EMPTY = "{}".length;

/** `bytes` with what is between `start` and `end` replaced. */
function spliced(bytes: Uint8Array, start: number, by: Uint8Array, end: number): Uint8Array {
  const result = new Uint8Array(bytes.length - (end - start) + by.length);
  result.set(bytes.subarray(0, start));
  result.set(by, start);
  result.set(bytes.subarray(end), start + by.length);
  return result;
}
