/**
 * Events as JSON texts, with the metadata that business and data change events require (protocol 4.4).
 * @pure
 */
import type { Category } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { jsonText } from "../options/json-text.ts";
import { memberText, spliced } from "./member-splice.ts";
import { type RawEvent, rawTextOf } from "./raw-event.ts";

export interface EventText {
  readonly text: string;
  /** Length of the text in UTF-8. */
  readonly bytes: number;
  readonly eid: string | undefined;
  /** The category by which metadata were filled in; `undefined`: not yet. */
  readonly category: Category | undefined;
}

/** Sources of missing metadata. */
export interface Filling {
  eid: () => string;
  occurredAt: () => string;
}

type Json = Record<string, unknown>;

/**
 * The text of an event; the event itself is not changed. Without a category no metadata are filled in.
 * @param path name of the event in the message
 * @throws {ConfigError} if it is not a JSON object, or holds a value that JSON cannot represent
 */
export function eventText(path: string, event: unknown, category: Category | undefined, filling: Filling): EventText {
  const raw = rawTextOf(event);
  if (raw !== undefined) return ofText(raw, parsedObject(path, raw), category, filling);
  const plain = plainObject(path, event);
  const sent = needsMetadata(category) ? withMetadata(plain, filling) : plain;
  return { ...described(jsonText(path, sent), sent), category };
}

/** The same event, with the metadata that the category requires. */
export function completed(event: EventText, category: Category, filling: Filling): EventText {
  return event.category === category ? event : ofText(event.text, JSON.parse(event.text) as Json, category, filling);
}

/** @throws {ConfigError} if it is not a JSON object, or holds a value that JSON cannot represent */
export function demandEvent(path: string, event: unknown): void {
  const raw = rawTextOf(event);
  if (raw === undefined) jsonText(path, plainObject(path, event));
  else parsedObject(path, raw);
}

/** The event as an object, parsed if the program passed its text. @throws {ConfigError} if it is not a JSON object */
export function eventObject<E>(path: string, event: E | RawEvent): E {
  const raw = rawTextOf(event);
  return (raw === undefined ? event : parsedObject(path, raw)) as E;
}

function ofText(text: string, parsed: Json, category: Category | undefined, filling: Filling): EventText {
  const sent = needsMetadata(category) ? withMetadata(parsed, filling) : parsed;
  return { ...described(sent === parsed ? text : withMetadataText(text, parsed, sent), sent), category };
}

function described(text: string, event: Json): Omit<EventText, "category"> {
  const eid = metadataOf(event)?.["eid"];
  return { text, bytes: Buffer.byteLength(text), eid: typeof eid === "string" && eid !== "" ? eid : undefined };
}

function needsMetadata(category: Category | undefined): boolean {
  return category === "business" || category === "data";
}

/** Changes only the filled-in members of the text. */
function withMetadataText(text: string, before: Json, after: Json): string {
  const { eid, occurred_at } = metadataOf(after) ?? {};
  const given = metadataOf(before);
  const filled = {
    ...(isGiven(given?.["eid"]) ? {} : { eid: JSON.stringify(eid) }),
    ...(isGiven(given?.["occurred_at"]) ? {} : { occurred_at: JSON.stringify(occurred_at) }),
  };
  return spliced(text, { metadata: spliced(given ? (memberText(text, "metadata") ?? "{}") : "{}", filled) });
}

function parsedObject(path: string, text: string): Json {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's message quotes the text.
  }
  if (isObject(parsed) && !Array.isArray(parsed)) return parsed;
  throw new ConfigError(path, "a JSON object");
}

function plainObject(path: string, event: unknown): Json {
  const own = ownJson(path, event);
  if (isObject(own) && !Array.isArray(own)) return own;
  throw new ConfigError(path, "a JSON object");
}

function ownJson(path: string, event: unknown): unknown {
  try {
    return isObject(event) && typeof event["toJSON"] === "function" ? (event["toJSON"]() as unknown) : event;
  } catch {
    // The thrown error may quote the event.
    throw new ConfigError(path, "what JSON can say: no toJSON that throws");
  }
}

/** Metadata that are not an object are left unchanged: the server refuses them with a reason. */
function withMetadata(event: Json, { eid, occurredAt }: Filling): Json {
  const given = event["metadata"] ?? {};
  if (!isObject(given) || Array.isArray(given)) return event;
  if (isGiven(given["eid"]) && isGiven(given["occurred_at"])) return event;
  const metadata = { ...given, eid: given["eid"] ?? eid(), occurred_at: given["occurred_at"] ?? occurredAt() };
  return { ...event, metadata };
}

function metadataOf(event: Json): Json | undefined {
  const metadata = event["metadata"];
  return isObject(metadata) ? metadata : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
