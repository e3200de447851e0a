/** The engine without its ownership, for tests. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "nakadi-protocol";
import { InProcessCoordination } from "../../in-process/coordination.ts";
import { InProcessMetadata, StoredMetadata } from "../../in-process/metadata.ts";
import { NodeScope } from "../../in-process/node-scope.ts";
import { Rows } from "../../in-process/rows.ts";
import type { RowEntry } from "../../in-process/rows.ts";
import { StoredCoordination } from "../../in-process/stored-coordination.ts";
import type { Storage } from "../../ports.ts";
import { Background } from "../background.ts";
import { nodeFiles } from "../files.ts";
import type { Files } from "../files.ts";
import { FileJournal } from "../journal/file-journal.ts";
import { readSnapshot, writeSnapshot } from "../rows/snapshot.ts";
import { DirectoryLog } from "./log.ts";
import { StoredLogs } from "./stored-logs.ts";
import { startSweeping } from "./sweep.ts";

/** A restart of the process needs nothing on the disk itself. */
export const unsyncedFiles: Files = {
  ...nodeFiles,
  syncDirectory: async () => undefined,
  open: async (path, access) => {
    const file = await nodeFiles.open(path, access);
    file.datasync = async () => undefined;
    return file;
  },
};

/** With these, segments are begun, frames flushed and idle partitions dropped all the time. */
export const SMALL_LIMITS = { segmentBytes: 2_000, unwrittenBytes: 3_000, idlePartitions: 1 };

export async function segmentsOf(directory: string, number: number, partition: number): Promise<string[]> {
  const folder = join(directory, "logs", String(number), String(partition));
  return (await readdir(folder).catch(() => []))
    .toSorted((one, other) => one.localeCompare(other))
    .map((name) => join(folder, name));
}

export interface OpenForTest {
  logs: StoredLogs;
  journal: FileJournal;
  background: Background;
  node(name: string, nodeClock?: Clock): Storage;
  checkpoint(): Promise<void>;
  /** Ends without a checkpoint, as if the process were killed. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export async function openForTest({
  directory,
  clock,
  files = nodeFiles,
  onFailure = () => undefined,
  journalFileBytes,
  ...limits
}: {
  journalFileBytes?: number;
  segmentBytes?: number;
  unwrittenBytes?: number;
  idlePartitions?: number;
  directory: string;
  clock: Clock;
  files?: Files;
  onFailure?: (error: unknown) => void;
}): Promise<OpenForTest> {
  await files.makeDirectory(directory);
  const snapshot = await readSnapshot(files, directory);
  const rows = new Rows((entry) => journal.whenDurable(journal.append("rows", [Buffer.from(JSON.stringify(entry))])));
  if (snapshot) rows.restore(snapshot.version, snapshot.tables);
  const background = new Background();
  const logs = new StoredLogs({ files, directory, rows, clock, background, ...limits });
  const journal: FileJournal = await FileJournal.open({
    files,
    directory,
    from: snapshot?.position ?? 0,
    replay: (entry) =>
      entry.kind === "rows"
        ? rows.replay(JSON.parse(entry.payload.toString()) as RowEntry)
        : logs.partitions.replay(entry),
    onFailure,
    ...(journalFileBytes !== undefined && { fileBytes: journalFileBytes }),
  });
  await logs.start(journal, () => undefined);
  startSweeping(logs);
  const metadata = new StoredMetadata(rows);
  const coordination = new StoredCoordination(rows, clock);
  const checkpoint = async (): Promise<void> => {
    const position = journal.end;
    await logs.flush(position);
    await writeSnapshot(files, directory, { rows, position, durable: () => journal.whenDurable(journal.end) });
    await journal.recycle(position);
  };
  let last = Promise.resolve();
  const engine: OpenForTest = {
    logs,
    journal,
    background,
    checkpoint: () => (last = last.then(() => background.run(checkpoint))),
    node(name: string, nodeClock: Clock = clock): Storage {
      const scope = new NodeScope(name);
      return {
        log: new DirectoryLog(logs, scope),
        metadata: new InProcessMetadata(metadata, scope),
        coordination: new InProcessCoordination(coordination, nodeClock, scope),
        close: async () => scope.close(),
      };
    },
    async kill(): Promise<void> {
      await logs.stop();
      await journal.close();
      await logs.close();
    },
    async close(): Promise<void> {
      await logs.stop();
      await engine.checkpoint();
      await engine.kill();
    },
  };
  return engine;
}
