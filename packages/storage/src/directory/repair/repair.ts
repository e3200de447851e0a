/**
 * Looks at every frame of a data directory, and saves what can be read of a damaged one. Events between damages stay; of
 * those that are gone the offsets are reported, and never given to other events.
 */
import { join } from "node:path";
import { InProcessMetadata, StoredMetadata } from "../../in-process/metadata.ts";
import { NodeScope } from "../../in-process/node-scope.ts";
import { Rows } from "../../in-process/rows.ts";
import type { RowEntry } from "../../in-process/rows.ts";
import type { LogId, MetadataPort } from "../../ports.ts";
import { takeDamagedDirectory } from "../data-directory.ts";
import { nodeFiles } from "../files.ts";
import type { Files } from "../files.ts";
import { JournalFiles } from "../journal/journal-files.ts";
import { replayEntries } from "../journal/replay.ts";
import type { JournalDamage } from "../journal/replay.ts";
import { readSnapshot, writeSnapshot } from "../rows/snapshot.ts";
import { Catalogue } from "../segments/catalogue.ts";
import { EMPTY_PARTITION, LOGS, idOf } from "../segments/partition-rows.ts";
import { Partitions } from "../segments/partitions.ts";
import { checkPartition, replaceDamaged } from "./partition-check.ts";
import type { LostOffsets } from "./partition-check.ts";

export interface CheckOptions {
  /** Ends it between two partitions; what was repaired by then stays repaired. */
  signal?: AbortSignal;
  /** Logs that were looked at, of how many. */
  onProgress?: (done: number, total: number) => void;
}

export interface CheckedPartition {
  log: LogId;
  partition: number;
  /** Offsets of events that are gone, ascending; empty if none are. */
  lost: readonly LostOffsets[];
}

export interface DirectoryCheck {
  logs: number;
  /** Events that can be read. */
  events: number;
  /** Partitions with lost events. */
  damaged: readonly CheckedPartition[];
  /** Parts of the snapshot that are lost, in words: rows of event types, subscriptions, positions and logs were there. */
  snapshot: readonly string[];
  /** Stretches of the journal that are lost: what was written last. */
  journal: readonly JournalDamage[];
  /** Numbers of logs whose files are there and of which nothing else is known. */
  unknownLogs: readonly number[];
  /** Logs of which something is known. */
  logIds: ReadonlySet<LogId>;
  /** What records are left. */
  metadata: MetadataPort;
}

/** Changes nothing. @throws {DataDirectoryError} where the directory is in use, or none of ours */
export function verifyDirectory(directory: string, options: CheckOptions = {}): Promise<DirectoryCheck> {
  return check(directory, false, options);
}

/**
 * The directory can be used afterwards; damaged files are in `damaged/`. Changes nothing where nothing is damaged.
 * @throws {DataDirectoryError} where the directory is in use, or none of ours
 */
export async function repairDirectory(directory: string, options: CheckOptions = {}): Promise<DirectoryCheck> {
  const found = await check(directory, false, options);
  if (!isHealthy(found)) await check(directory, true, options);
  return found;
}

export function isHealthy({ damaged, snapshot, journal, unknownLogs }: DirectoryCheck): boolean {
  return damaged.length + snapshot.length + journal.length + unknownLogs.length === 0;
}

interface Found {
  events: number;
  lost: LostOffsets[];
}

async function check(directory: string, repair: boolean, options: CheckOptions): Promise<DirectoryCheck> {
  const files = nodeFiles;
  const ownership = await takeDamagedDirectory(files, directory, repair);
  const rows = new Rows();
  const catalogue = new Catalogue(rows);
  const partitions = new Partitions({ files, directory, rows, readOnly: !repair });
  try {
    const snapshot = await readSnapshot(files, directory);
    if (snapshot) rows.restore(snapshot.version, snapshot.tables);
    const damage = { snapshot: snapshot?.damage ?? [], journal: [] as JournalDamage[] };
    const journal = await JournalFiles.open(files, join(directory, "journal"));
    // Without a snapshot and a journal from the beginning, nothing is known of what the segments should hold.
    const rowsAreWhole = damage.snapshot.length === 0 && (snapshot !== undefined || journal.start === 0);
    const from = snapshot?.position ?? 0;
    // Rows first: they say where each partition begins.
    await replayEntries(
      journal,
      from,
      ({ kind, payload }) => {
        if (kind === "rows") rows.replay(JSON.parse(payload.toString()) as RowEntry);
      },
      () => undefined,
    );
    const numbers = (await files.list(join(directory, LOGS))).map(Number);
    // Segments before frames: the journal goes on where they end.
    const found = await checkSegments({ files, directory, partitions, numbers, rowsAreWhole, repair, options });
    const end = await replayEntries(
      journal,
      from,
      async (entry) => {
        if (entry.kind === "rows") return;
        const replayed = await partitions.replay(entry);
        if (!replayed) return;
        const of = at(found, replayed.number, replayed.partition);
        of.events += replayed.events;
        if (replayed.lost) of.lost.push(replayed.lost);
      },
      (stretch) => damage.journal.push(stretch),
    );
    if (repair) {
      catalogue.skipNumbers(numbers);
      await partitions.flush(end);
      await partitions.sync();
      await writeSnapshot(files, directory, { rows, position: end, durable: async () => undefined });
      await journal.truncate(end);
    }
    const metadata = new InProcessMetadata(new StoredMetadata(rows), new NodeScope(directory));
    return { ...report(catalogue, found, numbers), ...damage, logIds: new Set(catalogue.ids()), metadata };
  } finally {
    await partitions.close();
    await ownership.release();
  }
}

async function checkSegments({
  files,
  directory,
  partitions,
  numbers,
  rowsAreWhole,
  repair,
  options: { signal, onProgress },
}: {
  files: Files;
  directory: string;
  partitions: Partitions;
  numbers: readonly number[];
  rowsAreWhole: boolean;
  repair: boolean;
  options: CheckOptions;
}): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  const checkOne = async (number: number, partition: number): Promise<void> => {
    const { segments, row } = await partitions.segmentsOf(number, partition, rowsAreWhole);
    const checked = await checkPartition(segments, row);
    Object.assign(at(found, number, partition), { events: checked.events, lost: [...checked.lost] });
    if (!row && !rowsAreWhole) {
      const { start, next, latestMs } = checked;
      partitions.rows.keep(number, partition, { ...EMPTY_PARTITION, start, next, latestMs, ...segments.end });
    }
    const aside = join(directory, "damaged", String(number), String(partition));
    if (repair) await replaceDamaged(files, segments, checked.replacements, aside);
  };
  for (const [done, number] of numbers.entries()) {
    onProgress?.(done, numbers.length);
    for (const partition of await files.list(join(directory, LOGS, String(number)))) {
      signal?.throwIfAborted();
      await checkOne(number, Number(partition));
    }
  }
  for (const [number, partition] of partitions.rows.keptIds)
    if (!found.has(idOf(number, partition))) await checkOne(number, partition);
  return found;
}

function report(
  catalogue: Catalogue,
  found: ReadonlyMap<string, Found>,
  numbers: readonly number[],
): Pick<DirectoryCheck, "logs" | "events" | "damaged" | "unknownLogs"> {
  const damaged: CheckedPartition[] = [];
  const known = new Set(catalogue.removed);
  let events = 0;
  let logs = 0;
  for (const log of catalogue.ids()) {
    const stored = catalogue.find(log);
    if (!stored) continue;
    logs += 1;
    known.add(stored.number);
    for (let partition = 0; partition < stored.partitions; partition++) {
      const of = found.get(idOf(stored.number, partition));
      events += of?.events ?? 0;
      if (of && of.lost.length > 0) damaged.push({ log, partition, lost: of.lost });
    }
  }
  return { logs, events, damaged, unknownLogs: numbers.filter((number) => !known.has(number)) };
}

function at(found: Map<string, Found>, number: number, partition: number): Found {
  const id = idOf(number, partition);
  const known = found.get(id);
  if (known) return known;
  const none: Found = { events: 0, lost: [] };
  found.set(id, none);
  return none;
}
