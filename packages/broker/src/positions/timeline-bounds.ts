/** Asks the log what it holds of an event type. */
import type { LogPort } from "nakadi-storage";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { TimelineBounds } from "./partition-bounds.ts";

/** The bounds of every timeline, by order. */
export async function timelineBounds(
  log: LogPort,
  { timelines, partitions }: StoredEventType,
): Promise<TimelineBounds[]> {
  return Promise.all(
    timelines.map(async (timeline) => {
      const known = await log.bounds(timeline.log);
      const bounds = Array.from({ length: partitions }, (_, partition) => known[partition] ?? { oldest: 0, next: 0 });
      return { timeline, bounds };
    }),
  );
}
