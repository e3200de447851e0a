/** What is left of a data directory, in terms of the event types that were kept in it. */
import { resolve } from "node:path";
import { eachRecord } from "nakadi-storage";
import type { LogId, MetadataPort } from "nakadi-storage";
import type { CheckOptions, DirectoryCheck } from "nakadi-storage/directory";
import { EVENT_TYPE_KIND } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";

/** Events of a partition of a timeline that are gone: their numbers as in offsets, both included. */
export interface LostEvents {
  /** Undefined where the event type itself is lost. */
  eventType: string | undefined;
  timeline: number | undefined;
  partition: number;
  from: number;
  to: number;
}

export interface DirectoryReport {
  /** Nothing is damaged. */
  healthy: boolean;
  eventTypes: number;
  /** Events that can be read. */
  events: number;
  lost: readonly LostEvents[];
  /** Parts of the snapshot that are lost: records of event types, subscriptions and positions were in them. */
  snapshot: readonly string[];
  /** Stretches of the journal that are lost: what was written last was in them. In bytes from its beginning. */
  journal: readonly { from: number; to: number }[];
  /** Logs of which nothing but events is left: how many. */
  unknownLogs: number;
  /** Event types that lack a log: they have to be deleted and created again. */
  unusable: readonly string[];
}

/**
 * Looks at every frame in a data directory that no broker uses, and changes nothing.
 * @throws {DataDirectoryError} if the directory is in use, not one of ours or of a newer format. @throws the signal's reason
 */
export async function verifyDataDirectory(directory: string, options: CheckOptions = {}): Promise<DirectoryReport> {
  const { verifyDirectory } = await import("nakadi-storage/directory");
  return reportOf(await verifyDirectory(resolve(directory), options));
}

/**
 * As `verifyDataDirectory`; where something is damaged, what can be read is saved and a broker can start. Damaged files are
 * kept in `damaged/`. No offset of a lost event is given to another one.
 * @throws {DataDirectoryError} if the directory is in use, not one of ours, of a newer format or cannot be written to
 * @throws the signal's reason
 */
export async function repairDataDirectory(directory: string, options: CheckOptions = {}): Promise<DirectoryReport> {
  const { repairDirectory } = await import("nakadi-storage/directory");
  return reportOf(await repairDirectory(resolve(directory), options));
}

async function reportOf(check: DirectoryCheck): Promise<DirectoryReport> {
  const { isHealthy } = await import("nakadi-storage/directory");
  const { eventTypes, owners, unusable } = await logOwners(check.metadata, check.logIds);
  return {
    healthy: isHealthy(check) && unusable.length === 0,
    eventTypes,
    events: check.events,
    lost: check.damaged.flatMap(({ log, partition, lost }) =>
      lost.map(({ from, to }) => {
        const owner = owners.get(log);
        return { eventType: owner?.name, timeline: owner?.timeline, partition, from, to };
      }),
    ),
    snapshot: check.snapshot,
    journal: check.journal,
    unknownLogs: check.unknownLogs.length,
    unusable,
  };
}

async function logOwners(metadata: MetadataPort, logs: ReadonlySet<LogId>) {
  const owners = new Map<LogId, { name: string; timeline: number }>();
  const unusable = new Set<string>();
  let eventTypes = 0;
  for await (const { id: name, value } of eachRecord<StoredEventType>(metadata, EVENT_TYPE_KIND)) {
    eventTypes += 1;
    for (const { log, order } of value.timelines) {
      owners.set(log, { name, timeline: order });
      if (!logs.has(log)) unusable.add(name);
    }
  }
  return { eventTypes, owners, unusable: [...unusable] };
}
