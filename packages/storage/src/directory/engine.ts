/**
 * The directory engine: everything on disk in one directory, which belongs to one process. Several nodes may share the engine
 * within it.
 */
import type { Clock } from "nakadi-protocol";
import type { FaultHook } from "../fault-points.ts";
import { InProcessCoordination } from "../in-process/coordination.ts";
import { InProcessMetadata, StoredMetadata } from "../in-process/metadata.ts";
import { NodeScope } from "../in-process/node-scope.ts";
import { Rows } from "../in-process/rows.ts";
import type { RowEntry } from "../in-process/rows.ts";
import { StoredCoordination } from "../in-process/stored-coordination.ts";
import type { NodeContext, StorageEngine } from "../open.ts";
import type { LogPort, Storage, StorageFailedError } from "../ports.ts";
import { Checkpoints } from "./checkpoint.ts";
import type { CheckpointedLogs } from "./checkpoint.ts";
import { damaged, takeDirectory } from "./data-directory.ts";
import type { TakeDirectory } from "./data-directory.ts";
import { nodeFiles } from "./files.ts";
import type { Files } from "./files.ts";
import { FileJournal } from "./journal/file-journal.ts";
import type { Entry, Journal } from "./journal/journal.ts";
import type { Ownership } from "./ownership.ts";
import { readSnapshot } from "./rows/snapshot.ts";
import { unusable } from "./system-refusal.ts";

/** The events of the directory, as the engine uses them. */
export interface Logs extends CheckpointedLogs {
  /** What a journaled append has done, when the engine starts. */
  replay(entry: Entry): void;
  /** Appends go to `journal` from now on; `appended` is called after each. */
  start(journal: Journal, appended: () => void): void;
  port(node: NodeScope): LogPort;
  /** Ends what runs in the background. */
  close(): Promise<void>;
}

export type OpenLogs = (parts: { files: Files; directory: string; rows: Rows; clock: Clock }) => Logs;

export interface DirectoryEngineOptions {
  directory: string;
  clock: Clock;
  openLogs: OpenLogs;
  /** Called where a test may stop or end the process. */
  onFaultPoint?: FaultHook | undefined;
  /** Told once if a write fails: nothing is written any more then. */
  onFailure?: (error: StorageFailedError) => void;
  /** Another disk, for tests. */
  disk?: {
    files: Files;
    own: TakeDirectory;
    /** Bytes of a file of the journal, and of the journal between two checkpoints. */
    journalFileBytes: number;
    checkpointBytes: number;
  };
}

export class DirectoryEngine implements StorageEngine {
  readonly name = "directory";
  readonly #clock: Clock;
  readonly #ownership: Ownership;
  readonly #journal: FileJournal;
  readonly #logs: Logs;
  readonly #checkpoints: Checkpoints;
  readonly #metadata: StoredMetadata;
  readonly #coordination: StoredCoordination;
  #closed: Promise<void> | undefined;

  private constructor(
    clock: Clock,
    parts: { ownership: Ownership; journal: FileJournal; rows: Rows; logs: Logs; checkpoints: Checkpoints },
  ) {
    this.#clock = clock;
    this.#ownership = parts.ownership;
    this.#journal = parts.journal;
    this.#logs = parts.logs;
    this.#checkpoints = parts.checkpoints;
    this.#metadata = new StoredMetadata(parts.rows);
    this.#coordination = new StoredCoordination(parts.rows, clock);
  }

  /** @throws {DataDirectoryError} */
  static async open(options: DirectoryEngineOptions): Promise<DirectoryEngine> {
    const { directory, clock, openLogs, disk, onFaultPoint, onFailure } = options;
    const { files = nodeFiles } = disk ?? {};
    const ownership = await takeDirectory(files, directory, disk?.own);
    try {
      const snapshot = await readSnapshot(files, directory);
      if (snapshot && snapshot.damage.length > 0)
        throw damaged(
          directory,
          `the snapshot in ${directory} is not as it was written: ${snapshot.damage.join(", ")}`,
        );
      const writer = new RowWriter();
      const rows = new Rows(writer.write);
      if (snapshot) rows.restore(snapshot.version, snapshot.tables);
      const logs = openLogs({ files, directory, rows, clock });
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
      const checkpoints = new Checkpoints({ files, directory, rows, journal, logs, position, minBytes });
      const appended = (): void => checkpoints.consider();
      writer.start(journal, appended);
      logs.start(journal, appended);
      return new DirectoryEngine(clock, { ownership, journal, rows, logs, checkpoints });
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
      log: this.#logs.port(scope),
      metadata: new InProcessMetadata(this.#metadata, scope),
      coordination: new InProcessCoordination(this.#coordination, nodeClock, scope),
      close: async () => scope.close(),
    };
  }

  /** After its nodes. Idempotent. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      await this.#logs.close();
      await this.#checkpoints.close();
      await this.#journal.close();
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
