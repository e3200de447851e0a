/** Reads a partition along its axis: across timelines, without tombstones, with what a stream must not see set apart. */
import type { LogPort } from "nakadi-storage";
import type { Axis } from "../../positions/axis.ts";
import type { StreamRecord } from "./record-buffer.ts";

export interface ReadRecords {
  records: StreamRecord[];
  /** Ordinals of events that are meant for somebody else. */
  hidden: number[];
  /** Ordinal from which the next read goes on; where the read began if there is nothing new. */
  next: number;
}

/** @param subscription who reads; `undefined` sees nothing that is meant for a subscription (protocol 4.9) */
export async function readRecords(
  log: LogPort,
  axis: Axis,
  { partition, from, bytes, records: count }: { partition: number; from: number; bytes: number; records: number },
  subscription: string | undefined,
  signal: AbortSignal,
): Promise<ReadRecords> {
  const { log: id, number, base, last } = axis.locate(from);
  const slice = await log.read(id, partition, number, { bytes, records: count }, signal);
  const records: StreamRecord[] = [];
  const hidden: number[] = [];
  for (const { offsets, records: stored, timestampMs } of slice.frames) {
    for (const [index, { value, consumerTag }] of stored.entries()) {
      const offset = offsets[index];
      if (value === null || offset === undefined) continue;
      if (consumerTag === undefined || consumerTag === subscription)
        records.push({ ordinal: base + offset, timestampMs, value });
      else hidden.push(base + offset);
    }
  }
  // What a closed timeline has no more of goes on at the beginning of the next one.
  const next = slice.next === number && Number.isFinite(last) ? last + 1 : slice.next;
  return { records, hidden, next: base + next };
}
