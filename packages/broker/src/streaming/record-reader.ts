/** Reads a partition along its axis: across timelines, without tombstones. */
import type { Axis } from "../log/axis.ts";
import type { LogPort } from "../storage/ports.ts";
import type { StreamRecord } from "./partition-window.ts";

export interface ReadRecords {
  records: StreamRecord[];
  /** Ordinal from which the next read goes on; where the read began if there is nothing new. */
  next: number;
}

export async function readRecords(
  log: LogPort,
  axis: Axis,
  { partition, from, bytes, records: count }: { partition: number; from: number; bytes: number; records: number },
  signal: AbortSignal,
): Promise<ReadRecords> {
  const { log: id, number, base, last } = axis.locate(from);
  const slice = await log.read(id, partition, number, { bytes, records: count }, signal);
  const records: StreamRecord[] = [];
  for (const { offsets, records: stored, timestampMs } of slice.frames) {
    for (const [index, { value }] of stored.entries()) {
      const offset = offsets[index];
      if (value !== null && offset !== undefined) records.push({ ordinal: base + offset, timestampMs, value });
    }
  }
  // What a closed timeline has no more of goes on at the beginning of the next one.
  const next = slice.next === number && Number.isFinite(last) ? last + 1 : slice.next;
  return { records, next: base + next };
}
