/** What is left of a damaged data directory, in the words of whoever kept event types in it. */
import { resolve } from "node:path";
import { systemClock } from "nakadi-protocol";
import { EVENT_TYPE_KIND } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { RepairOptions, TableCount } from "nakadi-storage/directory";
import { eachRecord } from "nakadi-storage";
import type { LogId, Storage } from "nakadi-storage";

/** What has become of a partition of a timeline of an event type; all numbers are those in its offsets. */
export interface RepairedPartition {
  /** Undefined where the event type itself is lost, and the events with it. */
  eventType: string | undefined;
  timeline: number | undefined;
  partition: number;
  /** Events that are there. */
  kept: number;
  /** Events that lay between those. */
  lostBetween: number;
  /** The oldest that is left, where older ones may be lost. */
  lostBefore: number | undefined;
  /** Behind the last one that is left, where an unknown number may be lost: `from` on, and new events go on at `next`. */
  lostEnd: { from: number; next: number } | undefined;
}

export type RepairReport =
  /** Nothing was wrong, or (`marked`) nothing but the notes on format and last stop, which are right now. */
  | { outcome: "healthy" | "marked"; events: number }
  | {
      outcome: "rebuilt";
      /** The damaged file: to be deleted by whoever needs it no more. */
      keptAt: string;
      partitions: readonly RepairedPartition[];
      /** Events of which not even the log is known. */
      homeless: number;
      /** Event types, subscriptions, settings. */
      records: TableCount;
      /** Committed positions. */
      positions: TableCount;
      /** Event types that lack a log: they have to be deleted and created again. */
      unusable: readonly string[];
    };

/**
 * Checks all of a data directory that no broker uses and, where something is lost, saves what can be read. The damaged file
 * is kept beside the new one.
 * @throws {DataDirectoryError} if there is nothing to be saved, the directory is in use, not one of ours, of a newer format or
 *   cannot be written to; with everything as it was. @throws the signal's reason, with everything as it was
 */
export async function repairDataDirectory(directory: string, options: RepairOptions = {}): Promise<RepairReport> {
  const path = resolve(directory);
  const { repairDirectory } = await import("nakadi-storage/directory");
  const repaired = await repairDirectory(path, options);
  if (repaired.outcome !== "rebuilt") return repaired;
  const { LmdbEngine } = await import("nakadi-storage/directory");
  const engine = await LmdbEngine.open({ directory: path, clock: systemClock });
  try {
    const { owners, unusable } = await logOwners(engine.node("repair"));
    return {
      outcome: "rebuilt",
      keptAt: repaired.keptAt,
      partitions: repaired.partitions.map(({ log, partition, kept, lostBetween, oldest, mayLackStart, lostEnd }) => ({
        eventType: owners.get(log)?.name,
        timeline: owners.get(log)?.timeline,
        partition,
        kept,
        lostBetween,
        lostBefore: mayLackStart && oldest > 0 ? oldest : undefined,
        lostEnd,
      })),
      homeless: repaired.homeless,
      records: countOf(repaired.rows.get("metadata")),
      positions: countOf(repaired.rows.get("progress")),
      unusable,
    };
  } finally {
    await engine.close();
  }
}

function countOf(count: TableCount | undefined): TableCount {
  return count ?? { kept: 0, of: 0 };
}

async function logOwners({ log, metadata }: Storage) {
  const owners = new Map<LogId, { name: string; timeline: number }>();
  const unusable: string[] = [];
  for await (const { id: name, value } of eachRecord<StoredEventType>(metadata, EVENT_TYPE_KIND)) {
    for (const { log: id, order } of value.timelines) {
      owners.set(id, { name, timeline: order });
      const isThere = await log.bounds(id).then(
        () => true,
        () => false,
      );
      if (!isThere && !unusable.includes(name)) unusable.push(name);
    }
  }
  return { owners, unusable };
}
