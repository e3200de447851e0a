/**
 * The LMDB engine: everything on disk in one directory, which belongs to one process. Several nodes may share the engine
 * within it.
 */
import type { Clock } from "nakadi-protocol";
import type { FaultHook } from "../fault-points.ts";
import { checkEngineOptions } from "../engine-options.ts";
import { KeptClock } from "../kept-clock.ts";
import { NodeScope } from "../in-process/node-scope.ts";
import type { Storage, StorageFailedError } from "../ports.ts";
import { LmdbCoordination } from "./coordination.ts";
import { DataDirectory } from "./data-directory.ts";
import { Journal } from "./journal.ts";
import { LmdbLog } from "./log.ts";
import { LmdbMetadata, StoredMetadata } from "./metadata.ts";
import { openStore } from "./store.ts";
import type { Store } from "./store.ts";
import { StoredCoordination } from "./stored-coordination.ts";
import { StoredLogs } from "./stored-logs.ts";
import { unusable } from "../directory/system-refusal.ts";

/** How often the directory is looked at while nothing is written. */
const CHECK_MS = 1_000;

export interface LmdbEngineOptions {
  directory: string;
  clock: Clock;
  /** Called where a test may stop or end the process. */
  onFaultPoint?: FaultHook | undefined;
  /** Told once if a write fails: nothing is written any more then. */
  onFailure?: (error: StorageFailedError) => void;
  /** What stands between the engine and LMDB, for a test. */
  wrapStore?: (store: Store) => Store;
}

export class LmdbEngine {
  readonly #directory: DataDirectory;
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #keptClock: KeptClock;
  readonly #logs: StoredLogs;
  readonly #metadata: StoredMetadata;
  readonly #coordination: StoredCoordination;
  readonly #checking: NodeJS.Timeout;
  #closed: Promise<void> | undefined;

  private constructor(directory: DataDirectory, store: Store, options: LmdbEngineOptions) {
    const { clock, onFaultPoint = () => undefined, onFailure = () => undefined } = options;
    this.#directory = directory;
    this.#store = store;
    this.#clock = clock;
    const check = (): void => directory.check();
    this.#journal = new Journal(store, onFaultPoint, check, onFailure);
    this.#keptClock = new KeptClock(directory.path, clock, check);
    this.#checking = setInterval(() => this.#journal.check(), CHECK_MS);
    this.#checking.unref();
    this.#logs = new StoredLogs(store, this.#journal, this.#keptClock.readings);
    this.#metadata = new StoredMetadata(store, this.#journal);
    this.#coordination = new StoredCoordination(store, this.#journal, clock);
  }

  /** @throws {TypeError} for an option that is not known. @throws {DataDirectoryError} @throws {DamagedDataError} */
  static async open(options: LmdbEngineOptions): Promise<LmdbEngine> {
    checkEngineOptions(options, ["directory", "clock", "onFaultPoint", "onFailure", "wrapStore"]);
    const directory = await DataDirectory.take(options.directory);
    let store: Store | undefined;
    try {
      directory.checkData();
      directory.begin();
      store = openStore(directory.path);
      directory.markFormat();
      directory.watchData();
      return new LmdbEngine(directory, options.wrapStore?.(store) ?? store, options);
    } catch (error) {
      await store?.close();
      await directory.release();
      throw unusable(directory.path, error);
    }
  }

  /** What one node sees. `name` is for messages; `nodeClock` is the node's own, which renews its leases. */
  node(name: string, nodeClock: Clock = this.#clock): Storage {
    const scope = new NodeScope(name);
    return {
      log: new LmdbLog(this.#logs, scope),
      metadata: new LmdbMetadata(this.#metadata, scope),
      coordination: new LmdbCoordination(this.#coordination, nodeClock, scope),
      close: async () => scope.close(),
    };
  }

  /** After its nodes. Idempotent. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#logs.close();
    this.#keptClock.close();
    clearInterval(this.#checking);
    await this.#journal.idle();
    await this.#store.close();
    this.#journal.check();
    if (!this.#journal.failed) this.#directory.markCleanStop();
    await this.#directory.release();
  }
}
