/**
 * Appends the events of a batch to their partitions, in the order of the request within each (protocol 4.11).
 */
import type { BatchItemResponse, Clock } from "nakadi-protocol";
import { NoSuchLogError, StorageFailedError } from "nakadi-storage";
import type { LogId, LogPort, NewRecord } from "nakadi-storage";
import { noSuchEventType } from "../event-types/catalogue.ts";
import type { Stay } from "../node-membership.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Batch } from "./batch.ts";
import { partlyStoredItems } from "./item-responses.ts";

/** What an append needs besides its records. */
export interface AppendTerms {
  log: LogPort;
  clock: Clock;
  /** Milliseconds after which the answer is "timed out"; the storage may still store the events. */
  timeoutMs: number;
  signal: AbortSignal;
  /** The lease under which the write began. */
  stay: Stay;
}

/** 200: all `events` are stored. 422: none is. 207: those whose item says `submitted` are. */
export type PublishOutcome = { status: 200; events: number } | { status: 422 | 207; items: BatchItemResponse[] };

/** Why the events of a partition are not stored; an absent partition has stored all of its events. */
export type AppendFailures = ReadonlyMap<number, string>;

/**
 * Copies the values where they are less than half of the request's body: a stored view of the body keeps the whole body
 * in memory.
 */
export function ownBytes(records: readonly NewRecord[], body: Uint8Array): readonly NewRecord[] {
  let kept = 0;
  for (const { value } of records) if (value?.buffer === body.buffer) kept += value.length;
  if (kept === 0 || kept >= body.length / 2) return records;
  return records.map((record) => ({ ...record, value: record.value?.slice() ?? null }));
}

/**
 * Stores a batch, unless one of its events is refused.
 * @throws {ProblemError} 404 if the event type was deleted during the request
 */
export async function appendBatch(
  terms: AppendTerms,
  { eventType, timelines }: StoredEventType,
  batch: Batch,
  body: Uint8Array,
): Promise<PublishOutcome> {
  const refused = batch.refusal();
  if (refused) return { status: 422, items: refused };
  const events = batch.records.length;
  if (events === 0) return { status: 200, events };
  const current = timelines.at(-1);
  if (!current) throw noSuchEventType(eventType.name);
  try {
    const failures = await appendAll(terms, current.log, ownBytes(batch.records, body), batch.partitions);
    if (failures.size === 0) return { status: 200, events };
    const items = partlyStoredItems(batch.eids, batch.partitions, (partition) => failures.get(partition));
    return { status: 207, items };
  } catch (error) {
    throw error instanceof NoSuchLogError ? noSuchEventType(eventType.name) : error;
  }
}

/**
 * @param partitions the partition of each record
 * @throws {ProblemError} 503 if the node lost the lease under which the write began; nothing is stored
 * @throws {StorageFailedError} if the storage is read-only after a failed write
 */
export async function appendAll(
  terms: AppendTerms,
  id: LogId,
  records: readonly NewRecord[],
  partitions: readonly number[],
): Promise<AppendFailures> {
  const batches = new Map<number, NewRecord[]>();
  for (const [index, record] of records.entries()) {
    const partition = partitions[index] as number;
    const batch = batches.get(partition);
    if (batch) batch.push(record);
    else batches.set(partition, [record]);
  }
  terms.stay.demandSafe();
  const outcomes = await appendInTime(terms, id, batches);
  const failed = storageFailure(outcomes);
  if (failed) throw failed;
  const failures = new Map<number, string>();
  for (const partition of batches.keys()) {
    const outcome = outcomes.get(partition);
    if (outcome?.outcome !== "stored")
      failures.set(
        partition,
        outcome?.outcome === "unknown" || outcomes === TIMED_OUT ? "timed out" : "internal error",
      );
  }
  return failures;
}

/** The failure of the storage, if it is the reason for every partition. */
function storageFailure(outcomes: Outcomes): StorageFailedError | undefined {
  const causes = Array.from(outcomes.values(), (one) => (one.outcome === "stored" ? undefined : one.cause));
  const [first] = causes;
  return first instanceof StorageFailedError && causes.every((cause) => cause === first) ? first : undefined;
}

type Outcomes = Awaited<ReturnType<LogPort["append"]>>;

const TIMED_OUT: Outcomes = new Map();

async function appendInTime(
  { log, clock, timeoutMs, signal }: AppendTerms,
  id: LogId,
  batches: ReadonlyMap<number, readonly NewRecord[]>,
): Promise<Outcomes> {
  return new Promise((resolve, reject) => {
    const timer = clock.schedule(timeoutMs, () => resolve(TIMED_OUT));
    log
      .append(id, batches, signal)
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
