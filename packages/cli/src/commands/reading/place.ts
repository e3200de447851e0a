/**
 * A place in a log, as people type it.
 * @pure
 */
import type { PartitionCursor } from "nakadi-client";
import { EXIT } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { parseMoment } from "./moment.ts";

/** A position that was typed; the event type is left out where there is only one. */
export interface TypedCursor extends PartitionCursor {
  event_type?: string;
}

export type Place = "begin" | "end" | "committed" | { last: number } | { time: number } | readonly TypedCursor[];

const CURSOR = /^(?:([^\s:,/]+)\/)?([^\s:,/]+):([^\s:,/]+)$/;

/** What a flag takes: words, times, positions. `committed` is a subscription's. */
export const PLACES = "begin, end, committed, a time, 15min (ago), or partition:offset,…";

/** @throws {Failure} if it is none, or a time that has not come */
export function parsePlace(flag: string, text: string, nowMs: number): Place {
  if (text === "begin" || text === "end" || text === "committed") return text;
  const time = parseMoment(text, nowMs);
  if (time !== undefined) {
    if (time <= nowMs) return { time };
    throw new Failure(
      `${flag}: ${text} lies in the future: it is ${new Date(nowMs).toISOString()} now. The end, as it is now, is \`end\``,
      EXIT.usage,
    );
  }
  const cursors = text.split(",").map((one) => CURSOR.exec(one));
  if (cursors.every((match) => match !== null)) {
    return cursors.map(([, event_type, partition = "", offset = ""]) => ({
      ...(event_type !== undefined && { event_type }),
      partition,
      offset,
    }));
  }
  throw new Failure(
    `${flag}: "${text}" is not a place in a log. Places are: begin, end, committed (of a subscription), a time like ` +
      "2026-11-25T10:00:00Z or 2026-11-25, a duration ago like 90s, 15min, 2h or 1d, and positions like 0:001-0001-000000000000000042",
    EXIT.usage,
  );
}

/** As `parsePlace` takes it. */
export function placeText(cursors: readonly TypedCursor[]): string {
  return cursors
    .map(
      ({ event_type, partition, offset }) =>
        `${event_type === undefined ? "" : `${event_type}/`}${partition}:${offset}`,
    )
    .join(",");
}
