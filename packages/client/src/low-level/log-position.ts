/**
 * Positions in the log of an event type, as a program names them. The server resolves them to offsets.
 * @pure
 */
import type { PartitionCursor } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { functionOrNone, knownMembers, requiredWholeNumber } from "../options/checks.ts";

/** A `Date`, its text in ISO 8601, or milliseconds since 1970. */
export type Time = Date | string | number;

export interface TimePosition {
  /** The position before the first event at or after this time. */
  time: Time;
  /**
   * The time of an event; it must not decrease within a partition. Default: `metadata.received_at`, which the server sets in events
   * of categories `business` and `data`, but not in those of category `undefined`.
   */
  of?: (event: never) => Time | undefined;
}

export type LogPosition =
  /** Before the oldest event. */
  | "begin"
  /** Behind the newest event. */
  | "end"
  /** This number of offsets before the end of each partition, 1 or more; at most to its beginning. */
  | { last: number }
  | TimePosition
  /** After the event that each cursor names; other partitions are not read. */
  | readonly PartitionCursor[];

const ALLOWED = '"begin", "end", { last }, { time }, or cursors';
/** The characters of a header value, in which offsets are sent. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** @throws {ConfigError} */
export function checkedPosition(path: string, value: LogPosition): LogPosition {
  if (value === "begin" || value === "end") return value;
  if (Array.isArray(value)) return checkedCursors(path, value);
  if (typeof value !== "object" || value === null) throw new ConfigError(path, ALLOWED);
  if ("last" in value) {
    knownMembers(path, value, ["last"]);
    return { last: requiredWholeNumber(`${path}.last`, value.last, { min: 1 }) };
  }
  if (!("time" in value)) throw new ConfigError(path, ALLOWED);
  knownMembers(path, value, ["time", "of"]);
  const of = functionOrNone(`${path}.of`, value.of);
  return { time: timeMs(`${path}.time`, value.time), ...(of && { of }) };
}

/** Milliseconds since 1970. @throws {ConfigError} */
export function timeMs(path: string, time: Time): number {
  const ms = typeof time === "number" ? time : new Date(time).getTime();
  if (Number.isFinite(ms)) return ms;
  throw new ConfigError(path, "a Date, a text in ISO 8601, or milliseconds since 1970");
}

/** The time of an event; `undefined` if it has none. */
export function eventTimeMs(event: unknown, of?: TimePosition["of"]): number | undefined {
  const time = of ? of(event as never) : receivedAt(event);
  if (time === undefined) return undefined;
  const ms = typeof time === "number" ? time : new Date(time).getTime();
  return Number.isFinite(ms) ? ms : undefined;
}

function receivedAt(event: unknown): string | undefined {
  const at = (event as { metadata?: { received_at?: unknown } | null } | null)?.metadata?.received_at;
  return typeof at === "string" ? at : undefined;
}

function checkedCursors(path: string, cursors: readonly PartitionCursor[]): readonly PartitionCursor[] {
  if (cursors.length === 0) throw new ConfigError(path, "one cursor or more");
  const checked = Array.from(cursors, (cursor: Partial<PartitionCursor> | null, index) => ({
    partition: sendable(`${path}[${index}].partition`, cursor?.partition),
    offset: sendable(`${path}[${index}].offset`, cursor?.offset),
  }));
  if (new Set(checked.map(({ partition }) => partition)).size < checked.length) {
    throw new ConfigError(path, "one cursor for each partition");
  }
  return checked;
}

/** Whether a store returned valid positions. */
export function arePositions(value: unknown): value is readonly PartitionCursor[] {
  return (
    Array.isArray(value) &&
    value.every((one: Partial<PartitionCursor> | null) => isSendable(one?.partition) && isSendable(one?.offset))
  );
}

function isSendable(value: unknown): value is string {
  return typeof value === "string" && SENDABLE.test(value);
}

function sendable(path: string, value: unknown): string {
  if (isSendable(value)) return value;
  throw new ConfigError(path, "a text of visible ASCII characters");
}
