/**
 * Group commit: what comes while one group is being synced goes together into the next one. After a failed write the
 * content of the disk is unknown, so nothing is tried again and nothing else is written.
 */
import { join } from "node:path";
import { DataDirectoryError } from "../../data-directory-error.ts";
import type { FaultHook } from "../../fault-points.ts";
import { StorageFailedError } from "../../storage-errors.ts";
import type { Files } from "../files.ts";
import { HEADER_BYTES, writeHeader } from "./entry.ts";
import type { Entry, EntryKind, JournalPosition } from "./entry.ts";
import { JournalFiles } from "./journal-files.ts";
import { replayEntries } from "./replay.ts";
import type { JournalDamage } from "./replay.ts";

/** Bytes of one group; what is more waits for the next one. An entry that is larger is a group of its own. */
const MAX_GROUP_BYTES = 8 * 1024 * 1024;

const MAX_ENTRY_BYTES = 2 ** 31 - 1;

export interface JournalOptions {
  files: Files;
  /** The data directory. */
  directory: string;
  /** Everything before is in the snapshot. */
  from: JournalPosition;
  /** Given each entry from there on, in order. */
  replay: (entry: Entry) => void | Promise<unknown>;
  onFaultPoint?: FaultHook | undefined;
  /** Told once that nothing is written any more. */
  onFailure?: (error: StorageFailedError) => void;
  /** For tests; 16 MiB if left out. */
  fileBytes?: number;
}

interface Waiting {
  kind: EntryKind;
  parts: readonly Uint8Array[];
  position: JournalPosition;
  length: number;
}

interface Waiter {
  position: JournalPosition;
  resolve: () => void;
  reject: (error: StorageFailedError) => void;
}

export class FileJournal {
  readonly #files: JournalFiles;
  readonly #passing: FaultHook | undefined;
  readonly #onFailure: ((error: StorageFailedError) => void) | undefined;
  #waiting: Waiting[] = [];
  #waiters: Waiter[] = [];
  #running: Promise<void> | undefined;
  #failure: { cause: unknown } | undefined;
  /** Everything before this was handed to the disk. */
  #begun: JournalPosition;
  #durable: JournalPosition;
  #end: JournalPosition;

  private constructor(files: JournalFiles, end: JournalPosition, { onFaultPoint, onFailure }: JournalOptions) {
    this.#files = files;
    this.#passing = onFaultPoint;
    this.#onFailure = onFailure;
    this.#begun = this.#durable = this.#end = end;
  }

  /** Forgets the torn end that a crash has left. @throws {DataDirectoryError} for damage before the end */
  static async open(options: JournalOptions): Promise<FileJournal> {
    const { directory, from, replay } = options;
    const files = await JournalFiles.open(options.files, join(directory, "journal"), options.fileBytes);
    const end = await replayEntries(files, from, replay, (damage) => {
      throw damaged(directory, damage);
    });
    await files.truncate(end);
    return new FileJournal(files, end, options);
  }

  /** Everything before this is on disk. */
  get durable(): JournalPosition {
    return this.#durable;
  }

  /** Everything before this was appended. */
  get end(): JournalPosition {
    return this.#end;
  }

  /** Bytes of each file. */
  get fileBytes(): number {
    return this.#files.fileBytes;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Takes the next place at once, so that the order on disk is the order of the calls. `parts` are written as they are and
   * must not change. Says where the entry ends: it is durable when `durable` has reached that.
   * @throws {StorageFailedError} where nothing is written any more
   */
  append(kind: EntryKind, parts: readonly Uint8Array[]): JournalPosition {
    if (this.#failure) throw new StorageFailedError(this.#failure.cause, false);
    let length = 0;
    for (const part of parts) length += part.length;
    if (length > MAX_ENTRY_BYTES)
      throw new RangeError(`An entry of ${length} bytes is larger than the ${MAX_ENTRY_BYTES} that the journal takes.`);
    this.#waiting.push({ kind, parts, position: this.#end, length });
    this.#end += HEADER_BYTES + length;
    this.#running ??= this.#run();
    return this.#end;
  }

  /** Resolves when everything before `position` is on disk. @throws {StorageFailedError} which says whether it had begun */
  whenDurable(position: JournalPosition): Promise<void> {
    if (position <= this.#durable) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failedAt(position, this.#failure.cause));
    return new Promise((resolve, reject) => {
      this.#waiters.push({ position, resolve, reject });
    });
  }

  /** Nothing before `position` is needed any more. @throws {Error} what the system says */
  recycle(position: JournalPosition): Promise<void> {
    return this.#files.recycle(position);
  }

  /** Ends all writing, as a failed write does: for what fails outside the journal. */
  fail(cause: unknown): void {
    if (this.#failure) return;
    this.#failure = { cause };
    this.#waiting = [];
    for (const { position, reject } of this.#waiters.splice(0)) reject(this.#failedAt(position, cause));
    this.#onFailure?.(new StorageFailedError(cause, true));
  }

  /** After the last append; resolves when all of it is on disk, or the journal has failed. */
  async close(): Promise<void> {
    await this.#running;
    await this.#files.close();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // One turn of the event loop brings all appends whose requests are here already.
      await new Promise((resolve) => void setImmediate(resolve));
      try {
        await this.#writeGroup();
      } catch (error) {
        this.fail(error);
      }
    }
    this.#running = undefined;
  }

  async #writeGroup(): Promise<void> {
    const group = this.#take();
    const first = group[0];
    if (!first) return;
    await this.#passing?.("before-write");
    const headers = Buffer.allocUnsafe(group.length * HEADER_BYTES);
    const parts: Uint8Array[] = [];
    let end = first.position;
    for (const [index, { kind, parts: payload, position, length }] of group.entries()) {
      const at = index * HEADER_BYTES;
      writeHeader(headers, at, { kind, position, group: first.position, length }, payload);
      parts.push(headers.subarray(at, at + HEADER_BYTES), ...payload);
      end = position + HEADER_BYTES + length;
    }
    this.#begun = end;
    await Promise.all([
      this.#files.write(parts, first.position).then(() => this.#files.sync()),
      this.#passing?.("writing"),
    ]);
    await this.#passing?.("after-flush");
    if (this.#failure) return;
    this.#durable = end;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ position }) => position > end);
    for (const { position, resolve } of waiters) if (position <= end) resolve();
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { length } of this.#waiting) {
      bytes += length;
      if (count > 0 && bytes > MAX_GROUP_BYTES) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** An entry counts as begun if its group was handed to the disk. */
  #failedAt(position: JournalPosition, cause: unknown): StorageFailedError {
    return new StorageFailedError(cause, position <= this.#begun);
  }
}

function damaged(directory: string, { from, to }: JournalDamage): DataDirectoryError {
  return new DataDirectoryError(
    "damaged",
    directory,
    `${directory} is damaged: the journal is not whole at byte ${from}, and goes on at ${to}. "nakadi repair ${directory}" saves what can be read`,
  );
}
