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
import type { Storage, StorageFailedError } from "../ports.ts";
import { Checkpoints } from "./checkpoint.ts";
import { takeDirectory } from "./data-directory.ts";
import type { TakeDirectory } from "./data-directory.ts";
import { FileReplacedError } from "./file-replaced-error.ts";
import { nodeFiles } from "./files.ts";
import type { Files } from "./files.ts";
import { FileJournal } from "./journal/file-journal.ts";
import type { Journal, JournalPosition } from "./journal/journal.ts";
import type { Ownership } from "./ownership.ts";
import { readSnapshot } from "./rows/snapshot.ts";
import { DirectoryLog } from "./segments/log.ts";
import { StoredLogs } from "./segments/stored-logs.ts";
import { startSweeping } from "./segments/sweep.ts";
import { damaged, unusable } from "./system-refusal.ts";

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

/** How often the directory is looked at while nothing is written. */
const WATCH_MS = 1_000;

export class DirectoryEngine implements StorageEngine {
  readonly name = "directory";
  readonly #clock: Clock;
  readonly #directory: string;
  readonly #ownership: Ownership;
  readonly #journal: FileJournal;
  readonly #logs: StoredLogs;
  readonly #checkpoints: Checkpoints;
  readonly #metadata: StoredMetadata;
  readonly #coordination: StoredCoordination;
  readonly #isReplaced: () => Promise<boolean>;
  readonly #watching: NodeJS.Timeout;
  #closed: Promise<void> | undefined;

  private constructor(
    clock: Clock,
    directory: string,
    parts: {
      ownership: Ownership;
      isReplaced: () => Promise<boolean>;
      journal: FileJournal;
      rows: Rows;
      logs: StoredLogs;
      checkpoints: Checkpoints;
    },
  ) {
    this.#clock = clock;
    this.#directory = directory;
    this.#ownership = parts.ownership;
    this.#journal = parts.journal;
    this.#logs = parts.logs;
    this.#checkpoints = parts.checkpoints;
    this.#isReplaced = parts.isReplaced;
    this.#watching = setInterval(() => void this.#watch(), WATCH_MS).unref();
    this.#metadata = new StoredMetadata(parts.rows);
    this.#coordination = new StoredCoordination(parts.rows, clock);
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
      const writer = new RowWriter();
      const rows = new Rows(writer.write);
      if (snapshot) rows.restore(snapshot.version, snapshot.tables);
      const segmentBytes = disk && { segmentBytes: disk.segmentBytes };
      const logs = new StoredLogs({ files, directory, rows, clock, ...segmentBytes });
      const journal = await FileJournal.open({
        files,
        directory,
        from: snapshot?.position ?? 0,
        replay: (entry) => (entry.kind === "rows" ? rows.replay(entryOf(entry.payload)) : logs.replay(entry)),
        onFaultPoint,
        ...(onFailure && { onFailure }),
        ...(disk && { fileBytes: disk.journalFileBytes }),
      });
      const position = snapshot?.position ?? 0;
      const minBytes = disk?.checkpointBytes;
      const flush = (to: JournalPosition): Promise<void> => logs.flush(to);
      const checkpoints = new Checkpoints({ files, directory, rows, journal, flush, position, minBytes });
      const appended = (): void => checkpoints.consider();
      writer.start(journal, appended);
      await logs.start(journal, appended);
      startSweeping(logs);
      checkpoints.start();
      return new DirectoryEngine(clock, directory, { ownership, isReplaced, journal, rows, logs, checkpoints });
    } catch (error) {
      await ownership.release();
      throw unusable(directory, error);
    }
  }

  async open({ node, clock }: NodeContext): Promise<Storage> {
    return this.node(node, clock);
  }

  /** What one node sees. `name` is for messages; `nodeClock` is the node's own, which renews its leases. */
  node(name: string, nodeClock: Clock = this.#clock): Storage {
    const scope = new NodeScope(name);
    return {
      log: new DirectoryLog(this.#logs, scope),
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
    if (await this.#isReplaced().catch(() => false)) this.#journal.fail(new FileReplacedError(this.#directory));
  }

  async #close(): Promise<void> {
    clearInterval(this.#watching);
    try {
      await this.#watch();
      await this.#logs.stop();
      await this.#checkpoints.close();
      await this.#journal.close();
      await this.#logs.close();
    } finally {
      await this.#ownership.release();
    }
  }
}

/** Writes rows to the journal, once that is open. */
class RowWriter {
  #journal: Journal | undefined;
  #appended: () => void = () => undefined;

  start(journal: Journal, appended: () => void): void {
    this.#journal = journal;
    this.#appended = appended;
  }

  readonly write = (entry: RowEntry): Promise<void> => {
    if (!this.#journal) throw new TypeError("Rows are written only when the journal is open.");
    const position = this.#journal.append("rows", [Buffer.from(JSON.stringify(entry))]);
    this.#appended();
    return this.#journal.whenDurable(position);
  };
}

function entryOf(payload: Buffer): RowEntry {
  return JSON.parse(payload.toString()) as RowEntry;
}
