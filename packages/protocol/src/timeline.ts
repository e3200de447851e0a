/**
 * Generations of the storage behind an event type (protocol 1, 6.6). Times end in `+00:00` here.
 * @pure
 */
export interface Timeline {
  /** A UUID. */
  id: string;
  event_type: string;
  /** 1, 2, 3, …; part of every offset. */
  order: number;
  storage_id: string;
  /** Where the storage keeps its events. */
  topic: string;
  created_at: string;
  /** When it became the one that is written to. */
  switched_at: string | null;
  /** When its events are gone; null while it is written to. */
  cleaned_up_at: string | null;
  /** The last offset of each partition of a timeline that is closed. */
  latest_position: { offsets: number[] } | null;
}
