/**
 * Fourth step: what the server knows goes into the event's metadata; every other byte stays (protocol 4.6).
 * @pure
 */
import { isObject } from "../event-types/json-schema.ts";
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

const UTF_8 = new TextEncoder();

/** The event's bytes with `metadata` replaced in place; without metadata as they are. */
export function enriched(
  { bytes, value, metadata }: Pick<PublishedItem, "bytes" | "value" | "metadata">,
  partition: number,
  { eventType, version, publishedBy, receivedAt, flowId }: Enrichment,
): Uint8Array {
  const given = value["metadata"];
  if (metadata === undefined || !isObject(given)) return bytes;
  const complete = UTF_8.encode(
    JSON.stringify({
      ...given,
      event_type: eventType,
      partition: String(partition),
      received_at: receivedAt,
      flow_id: given["flow_id"] || flowId,
      version,
      published_by: publishedBy,
    }),
  );
  const { start, end } = metadata;
  const spliced = new Uint8Array(bytes.length - (end - start) + complete.length);
  spliced.set(bytes.subarray(0, start));
  spliced.set(complete, start);
  spliced.set(bytes.subarray(end), start + complete.length);
  return spliced;
}
