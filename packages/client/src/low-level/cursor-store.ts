/**
 * Where a stream without a subscription keeps its positions. The server knows nothing of them, so a program brings a store:
 * one of these, or its own over the database that it works with.
 * @pure
 */
import type { PartitionCursor } from "nakadi-protocol";

export interface CursorStore {
  /** The positions of an event type; none where it was never read. */
  load(eventType: string): Promise<readonly PartitionCursor[]>;
  /**
   * Keeps these positions beside those of other partitions; durable when it resolves. A stream calls it with one save at a
   * time, so that an older position never replaces a newer one.
   */
  save(eventType: string, cursors: readonly PartitionCursor[]): Promise<void>;
}

/** Positions that end with the process. */
export function memoryCursorStore(): CursorStore {
  const positions = new Map<string, Map<string, string>>();
  return {
    load: async (eventType) =>
      [...(positions.get(eventType) ?? [])].map(([partition, offset]) => ({ partition, offset })),
    save: async (eventType, cursors) => {
      const kept = positions.get(eventType) ?? new Map<string, string>();
      for (const { partition, offset } of cursors) kept.set(partition, offset);
      positions.set(eventType, kept);
    },
  };
}
