/**
 * Last step: the events go to their partitions, each partition's in the order of the request (protocol 4.11).
 */
import type { EventRecord } from "./batch.ts";
import type { LogId, LogPort, NewRecord } from "../storage/ports.ts";

/** Why the events of a partition are not stored; a partition that is absent has stored all of its own. */
export type AppendFailures = ReadonlyMap<number, string>;

/**
 * Views of a request's body keep all of it alive for as long as one of them is stored: where they are little of it,
 * they become copies.
 */
export function ownBytes(records: readonly EventRecord[], body: Uint8Array): readonly EventRecord[] {
  let kept = 0;
  for (const { value } of records) if (value.buffer === body.buffer) kept += value.length;
  if (kept === 0 || kept >= body.length / 2) return records;
  return records.map((record) => ({ ...record, value: record.value.slice() }));
}

/** @param partitions of the records, one each */
export async function appendAll(
  log: LogPort,
  id: LogId,
  records: readonly NewRecord[],
  partitions: readonly number[],
  signal: AbortSignal,
): Promise<AppendFailures> {
  const batches = new Map<number, NewRecord[]>();
  for (const [index, record] of records.entries()) {
    const partition = partitions[index] as number;
    const batch = batches.get(partition);
    if (batch) batch.push(record);
    else batches.set(partition, [record]);
  }
  const outcomes = await log.append(id, batches, signal);
  const failures = new Map<number, string>();
  for (const partition of batches.keys()) {
    const outcome = outcomes.get(partition);
    if (outcome?.outcome !== "stored")
      failures.set(partition, outcome?.outcome === "unknown" ? "timed out" : "internal error");
  }
  return failures;
}
