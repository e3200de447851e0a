/**
 * Timelines as GET shows them (protocol 6.6): all that an operator may ask follows from what is stored of them.
 * @pure
 */
import { OWN_STORAGE } from "../event-types/stored-event-type.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";

export interface ListedTimeline {
  id: string;
  event_type: string;
  order: number;
  storage_id: string;
  topic: string;
  created_at: string;
  switched_at: string;
  /** When the last event of a closed timeline expires. */
  cleaned_up_at: string | null;
  /** Last position by partition of a closed timeline. */
  latest_position: { offsets: readonly number[] } | null;
}

/** By order. */
export function listTimelines({ eventType, timelines }: StoredEventType): ListedTimeline[] {
  const retentionMs = eventType.options.retention_time ?? 0;
  return timelines.map(({ order, log, storage, createdAt, lastNumbers }, index) => {
    const next = timelines[index + 1];
    return {
      id: log,
      event_type: eventType.name,
      order,
      storage_id: storage ?? OWN_STORAGE,
      topic: log,
      created_at: offsetTime(Date.parse(createdAt)),
      switched_at: offsetTime(Date.parse(createdAt)),
      cleaned_up_at: next ? offsetTime(Date.parse(next.createdAt) + retentionMs) : null,
      latest_position: lastNumbers && { offsets: lastNumbers },
    };
  });
}

function offsetTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+00:00");
}
