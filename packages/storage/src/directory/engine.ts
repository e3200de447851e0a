/**
 * The directory engine: everything on disk in one directory, which belongs to one process. Several nodes may share the engine
 * within it.
 */
import type { Clock } from "nakadi-protocol";
import { checkEngineOptions } from "../engine-options.ts";
import type { FaultHook } from "../fault-points.ts";
import { InProcessCoordination } from "../in-process/coordination.ts";
import { InProcessMetadata, StoredMetadata } from "../in-process/metadata.ts";
import { NodeScope } from "../in-process/node-scope.ts";
import { Rows } from "../in-process/rows.ts";
import type { RowEntry } from "../in-process/rows.ts";
import { StoredCoordination } from "../in-process/stored-coordination.ts";
import type { NodeContext, StorageEngine } from "../storage-engine.ts";
import type { Storage } from "../ports.ts";
import type { StorageFailedError } from "../storage-errors.ts";
import { Background } from "./background.ts";
import { serveBackup } from "./backup/hold-service.ts";
import { Checkpoints } from "./checkpoint.ts";
import { takeDirectory } from "./data-directory.ts";
import type { TakeDirectory } from "./data-directory.ts";
import { FileReplacedError, nodeFiles } from "./files.ts";
import type { Files } from "./files.ts";
import { FileJournal } from "./journal/file-journal.ts";
import type { JournalPosition } from "./journal/entry.ts";
import type { Ownership } from "./ownership.ts";
import { readSnapshot } from "./rows/snapshot.ts";
import { DirectoryLog } from "./segments/log.ts";
import { StoredLogs } from "./segments/stored-logs.ts";
import { startSweeping } from "./segments/sweep.ts";
import { damaged, dataFailure, unusable } from "./system-refusal.ts";

export interface DirectoryEngineOptions {
  directory: string;
  clock: Clock;
  /** Called where a test may stop or end the process. */
  onFaultPoint?: FaultHook | undefined;
  /** Told once if a write fails: nothing is written any more then. */
  onFailure?: (error: StorageFailedError) => void;
  /** Another disk, for tests. */
  disk?: {
    files: Files;
    own: TakeDirectory;
    /** Bytes of a file of the journal, of the journal between two checkpoints, and of a segment. */
    journalFileBytes: number;
    checkpointBytes: number;
    segmentBytes: number;
  };
}

interface EngineParts {
  clock: Clock;
  directory: string;
  ownership: Ownership;
  isReplaced: () => Promise<boolean>;
  journal: FileJournal;
  rows: Rows;
  logs: StoredLogs;
  checkpoints: Checkpoints;
}

/** How often the directory is looked at while nothing is written. */
const WATCH_MS = 1_000;

export class DirectoryEngine implements StorageEngine {
  readonly name = "directory";
  readonly #parts: EngineParts;
  readonly #metadata: StoredMetadata;
  readonly #coordination: StoredCoordination;
  readonly #watching: NodeJS.Timeout;
  #closed: Promise<void> | undefined;

  private constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#watching = setInterval(() => void this.#watch(), WATCH_MS).unref();
    this.#metadata = new StoredMetadata(parts.rows);
    this.#coordination = new StoredCoordination(parts.rows, parts.clock);
  }

  /** @throws {TypeError} for an option that is not known. @throws {DataDirectoryError} */
  static async open(options: DirectoryEngineOptions): Promise<DirectoryEngine> {
    checkEngineOptions(options, ["directory", "clock", "onFaultPoint", "onFailure", "disk"]);
    const { directory, clock, disk, onFaultPoint, onFailure } = options;
    const { files = nodeFiles } = disk ?? {};
    const ownership = await takeDirectory(files, directory, disk?.own);
    try {
      const opened = await files.identity(directory);
      const isReplaced = async (): Promise<boolean> =>
        (await files.identity(directory)) !== opened || !(await ownership.isHeld());
      const snapshot = await readSnapshot(files, directory);
      if (snapshot && snapshot.damage.length > 0)
        throw damaged(
          directory,
          `the snapshot in ${directory} is not as it was written: ${snapshot.damage.join(", ")}`,
        );
      const rows = new Rows((entry) => {
        const end = journal.append("rows", [Buffer.from(JSON.stringify(entry))]);
        checkpoints.consider();
        return journal.whenDurable(end);
      });
      if (snapshot) rows.restore(snapshot.version, snapshot.tables);
      const segmentBytes = disk && { segmentBytes: disk.segmentBytes };
      const background = new Background();
      const logs = new StoredLogs({ files, directory, rows, clock, background, ...segmentBytes });
      const journal: FileJournal = await FileJournal.open({
        files,
        directory,
        from: snapshot?.position ?? 0,
        replay: (entry) =>
          entry.kind === "rows"
            ? rows.replay(JSON.parse(entry.payload.toString()) as RowEntry)
            : logs.partitions.replay(entry),
        onFaultPoint,
        ...(onFailure && { onFailure }),
        ...(disk && { fileBytes: disk.journalFileBytes }),
      });
      const position = snapshot?.position ?? 0;
      const minBytes = disk?.checkpointBytes;
      const flush = (to: JournalPosition): Promise<void> => logs.flush(to);
      const checkpoints: Checkpoints = new Checkpoints({
        files,
        directory,
        rows,
        journal,
        background,
        flush,
        position,
        minBytes,
      });
      await logs.start(journal, () => checkpoints.consider());
      startSweeping(logs);
      checkpoints.start();
      ownership.serve?.((socket) => serveBackup(socket, { background, journal, logs }));
      return new DirectoryEngine({ clock, directory, ownership, isReplaced, journal, rows, logs, checkpoints });
    } catch (error) {
      await ownership.release();
      throw unusable(directory, error);
    }
  }

  async open({ node, clock }: NodeContext): Promise<Storage> {
    return this.node(node, clock);
  }

  /** What one node sees. `name` is for messages; `nodeClock` is the node's own, which renews its leases. */
  node(name: string, nodeClock: Clock = this.#parts.clock): Storage {
    const scope = new NodeScope(name);
    return {
      log: new DirectoryLog(this.#parts.logs, scope),
      metadata: new InProcessMetadata(this.#metadata, scope),
      coordination: new InProcessCoordination(this.#coordination, nodeClock, scope),
      close: async () => scope.close(),
    };
  }

  /** After its nodes. Idempotent. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** Nothing is written into the directory of another process. */
  async #watch(): Promise<void> {
    const { isReplaced, journal, directory } = this.#parts;
    if (await isReplaced().catch(() => false)) journal.fail(new FileReplacedError(directory));
  }

  async #close(): Promise<void> {
    const { ownership, logs, checkpoints, journal } = this.#parts;
    clearInterval(this.#watching);
    try {
      await this.#watch();
      await logs.stop();
      await checkpoints.close();
      await journal.close();
      await logs.close();
    } finally {
      await ownership.release();
    }
  }
}

/** A directory as the storage of one node, which has the engine to itself and closes it. @throws {DataDirectoryError} */
export async function openDirectory(directory: string, { node, ...context }: NodeContext): Promise<Storage> {
  const engine = await DirectoryEngine.open({ directory, ...context });
  const storage = engine.node(node);
  return {
    ...storage,
    explain: (error) => dataFailure(directory, error),
    close: async () => {
      await storage.close();
      await engine.close();
    },
  };
}
