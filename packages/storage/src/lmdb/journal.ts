/**
 * Group commit: what comes while a transaction is being flushed goes together into the next one. After a failed write
 * nobody knows what is on disk, so nothing is tried again.
 */
import type { FaultHook } from "../fault-points.ts";
import { StorageFailedError } from "../ports.ts";
import type { Change, Store } from "./store.ts";

/** Bytes of values in one transaction; what is more waits for the next one. */
const MAX_GROUP_BYTES = 16 * 1024 * 1024;

interface Entry {
  changes: readonly Change[];
  resolve: () => void;
  reject: (error: StorageFailedError) => void;
}

export class Journal {
  readonly #store: Store;
  readonly #passing: FaultHook;
  readonly #check: () => void;
  readonly #onFailure: (error: StorageFailedError) => void;
  #waiting: Entry[] = [];
  #running: Promise<void> | undefined;
  #failure: unknown;
  #failed = false;

  /**
   * @param check throws where what is flushed is not in the data directory any more
   * @param onFailure told once that nothing is written any more
   */
  constructor(store: Store, passing: FaultHook, check: () => void, onFailure: (error: StorageFailedError) => void) {
    this.#store = store;
    this.#passing = passing;
    this.#check = check;
    this.#onFailure = onFailure;
  }

  /** Nothing is written any more. */
  get failed(): boolean {
    return this.#failed;
  }

  /**
   * Resolves when all of `changes` is on disk, in the order of the calls. @throws {StorageFailedError}
   */
  write(changes: readonly Change[]): Promise<void> {
    if (this.#failed) return Promise.reject(new StorageFailedError(this.#failure, false));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Fails at once where the check does, rather than with the next write. */
  check(): void {
    try {
      this.#check();
    } catch (error) {
      this.#fail(error, []);
    }
  }

  /** Resolves when nothing is to be written any more. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // One turn of the event loop brings everybody whose requests are here already.
      await new Promise((resolve) => void setImmediate(resolve));
      await this.#writeGroup(this.#take());
    }
    this.#running = undefined;
  }

  async #writeGroup(group: readonly Entry[]): Promise<void> {
    try {
      await this.#passing("before-write");
      await Promise.all([this.#store.write(group.flatMap(({ changes }) => changes)), this.#passing("writing")]);
      await this.#passing("after-flush");
      this.#check();
    } catch (error) {
      this.#fail(error, group);
      return;
    }
    for (const { resolve } of group) resolve();
  }

  #take(): readonly Entry[] {
    let bytes = 0;
    let count = 0;
    for (const { changes } of this.#waiting) {
      for (const { value } of changes) bytes += value?.length ?? 0;
      if (count > 0 && bytes > MAX_GROUP_BYTES) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #fail(cause: unknown, group: readonly Entry[]): void {
    for (const { reject } of group) reject(new StorageFailedError(cause, true));
    for (const { reject } of this.#waiting.splice(0)) reject(new StorageFailedError(cause, false));
    if (this.#failed) return;
    this.#failed = true;
    this.#failure = cause;
    this.#onFailure(new StorageFailedError(cause, true));
  }
}
