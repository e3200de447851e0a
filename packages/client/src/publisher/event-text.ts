/**
 * Events as they are sent: JSON texts, with the metadata that business and data events must have (protocol 4.4).
 * @pure
 */
import type { Category } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { jsonText } from "../options/json-text.ts";
import { memberText, spliced } from "./member-splice.ts";
import { type RawEvent, rawTextOf } from "./raw-event.ts";

export interface EventText {
  readonly text: string;
  /** In UTF-8. */
  readonly bytes: number;
  readonly eid: string | undefined;
  /** What the event was taken for when its metadata were filled in. */
  readonly category: Category | undefined;
}

/** What is filled in where an event has none of its own. */
export interface Filling {
  eid: () => string;
  occurredAt: () => string;
}

type Json = Record<string, unknown>;

/**
 * The text of an event, which itself stays as it is. Without a category nothing is filled in.
 * @param path where the event stands, for the message
 * @throws {ConfigError} if it is no JSON object, or holds what JSON cannot say
 */
export function eventText(path: string, event: unknown, category: Category | undefined, filling: Filling): EventText {
  const raw = rawTextOf(event);
  if (raw !== undefined) return ofText(raw, parsedObject(path, raw), category, filling);
  const plain = plainObject(path, event);
  const sent = needsMetadata(category) ? withMetadata(plain, filling) : plain;
  return { ...described(jsonText(path, sent), sent), category };
}

/** The same event, now that its category is known. */
export function completed(event: EventText, category: Category, filling: Filling): EventText {
  return event.category === category ? event : ofText(event.text, JSON.parse(event.text) as Json, category, filling);
}

/** @throws {ConfigError} if it is no JSON object, or holds what JSON cannot say */
export function demandEvent(path: string, event: unknown): void {
  const raw = rawTextOf(event);
  if (raw === undefined) jsonText(path, plainObject(path, event));
  else parsedObject(path, raw);
}

/** What the program calls the event: an object, also where it gave its text. @throws {ConfigError} if that is no JSON object */
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

/** Nothing but what was filled in changes in the text. */
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
    // The parser's own message quotes what it could not read.
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
    // What it threw may quote the event.
    throw new ConfigError(path, "what JSON can say: no toJSON that throws");
  }
}

/** Metadata of another form are left to the server, which says what is wrong with them. */
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
