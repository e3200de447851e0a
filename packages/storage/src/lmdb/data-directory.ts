/**
 * The directory around the database: whose it is, in which format, who uses it, and whether its file may be opened. All of
 * that is looked at before LMDB touches anything, because a file that was cut off kills the process that reads it.
 *
 *     nakadi.json       the format; written once the database is there
 *     nakadi.lock       the lock of the process that uses it, with its id
 *     clean-stop.json   what the file was like when a broker stopped; absent while one runs, and after a crash
 *     clock.json        what the wall clock has shown, see `kept-clock.ts`
 *     data.mdb lock.mdb LMDB's own
 *     damaged-1.mdb     what was there before a repair
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { DataDirectoryError } from "../data-directory-error.ts";
import { makeDirectory, NEW, syncDirectory, writeWhole } from "./durable-files.ts";
import { expectedBytes, HEADER_BYTES } from "./file-header.ts";
import { checkNamed } from "../open-file.ts";
import type { OpenFile } from "../open-file.ts";
import { ownerOf, tryOwnerLock } from "./owner-lock.ts";
import type { OwnerLock } from "./owner-lock.ts";
import { attempt, attemptLater } from "../directory/system-refusal.ts";

/** What this version writes, and the only one that it reads. */
const FORMAT = 1;

const MARKER = "nakadi.json";
const LOCK = "nakadi.lock";
const CLEAN_STOP = "clean-stop.json";
const DATA = "data.mdb";
const LMDB_LOCK = "lock.mdb";
const MARK = { nakadi: "data directory", format: FORMAT };
/** Of a repair that is not at its end. */
const NEW_DATA = "new-data";
/** What a first start leaves that did not get as far as writing the marker. */
const UNFINISHED: readonly string[] = [LOCK, DATA, LMDB_LOCK, NEW + MARKER];
/** The root of a new file system has it. */
const IGNORED = "lost+found";

interface CleanStop {
  bytes: number;
  modifiedMs: number;
}

export class DataDirectory {
  readonly path: string;
  readonly #lock: OwnerLock;
  #data: OpenFile | undefined;

  private constructor(path: string, lock: OwnerLock) {
    this.path = path;
    this.#lock = lock;
  }

  /** Takes the directory for this process, and makes it where there is none. @throws {DataDirectoryError} */
  static async take(path: string): Promise<DataDirectory> {
    attempt(path, () => makeDirectory(path));
    return DataDirectory.#take(path, (directory, isNew) => {
      if (isNew) attempt(path, () => directory.#remove(DATA, LMDB_LOCK));
      else directory.#checkFormat();
    });
  }

  /** Takes a directory that is there, whatever has happened to its files. @throws {DataDirectoryError} */
  static async takeDamaged(path: string): Promise<DataDirectory> {
    if (!attempt(path, () => existsSync(path))) {
      throw new DataDirectoryError("unusable", path, `there is no directory ${path}`);
    }
    return DataDirectory.#take(path, (directory, isNew) => {
      if (isNew) throw new DataDirectoryError("not-ours", path, `${path} is not a data directory of nakadi`);
      directory.#checkNotNewer();
    });
  }

  static async #take(path: string, check: (directory: DataDirectory, isNew: boolean) => void): Promise<DataDirectory> {
    const entries = attempt(path, () => readdirSync(path).filter((name) => name !== IGNORED));
    const isNew = !entries.includes(MARKER);
    const foreign =
      entries.find((name) => !UNFINISHED.includes(name)) ?? (entries.includes(LOCK) ? undefined : entries[0]);
    if (isNew && foreign !== undefined) {
      throw new DataDirectoryError(
        "not-ours",
        path,
        `${path} is not a data directory of nakadi: it holds ${foreign}. Choose an empty or a new directory`,
      );
    }
    const lockFile = join(path, LOCK);
    const lock = await attemptLater(path, () => tryOwnerLock(lockFile));
    if (!lock) {
      const owner = ownerOf(lockFile);
      const who = owner === undefined ? "another broker" : `another broker (process ${owner})`;
      throw new DataDirectoryError("in-use", path, `${who} uses ${path}. Stop it, or choose another directory`);
    }
    const directory = new DataDirectory(path, lock);
    try {
      check(directory, isNew);
      return directory;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get dataFile(): string {
    return join(this.path, DATA);
  }

  /** @throws {DataDirectoryError} where LMDB must not open the file */
  checkData(): void {
    if (!this.#has(MARKER)) return;
    const damage = attempt(this.path, () => this.#damage() ?? this.#change());
    if (damage !== undefined) throw this.#damaged(`${this.dataFile} ${damage}`);
  }

  /** What is wrong with the file, as far as can be said without opening it; it may be another one than when it was closed. */
  damage(): string | undefined {
    return attempt(this.path, () => this.#damage());
  }

  /** Whether format or last stop are not told as they should be, while nothing is wrong with the data itself. */
  get isMarkedWrongly(): boolean {
    return attempt(this.path, () => this.#json(MARKER)["format"] !== FORMAT || this.#change() !== undefined);
  }

  /** The data is what it should be: says so from now on. */
  renewMarks(): void {
    this.#write(MARKER, MARK);
    this.markCleanStop();
  }

  /** Where new data is written, to take the place of the old; empty. */
  prepareNewData(): string {
    return attempt(this.path, () => {
      const path = join(this.path, NEW_DATA);
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
      return path;
    });
  }

  dropNewData(): void {
    rmSync(join(this.path, NEW_DATA), { recursive: true, force: true });
  }

  /** The new data, closed and on disk, becomes the data. Says where the old is kept. */
  replaceData(): string {
    return attempt(this.path, () => {
      const kept = this.#keepData();
      this.begin();
      renameSync(join(this.path, NEW_DATA, DATA), this.dataFile);
      syncDirectory(this.path);
      this.renewMarks();
      this.dropNewData();
      return kept;
    });
  }

  /** Before anything is written to the database: from now on, until a clean stop, it may have any length. */
  begin(): void {
    attempt(this.path, () => {
      // LMDB makes a new one; whatever a killed process has left in it is of no use to the only owner.
      this.#remove(LMDB_LOCK);
      if (this.#has(CLEAN_STOP)) {
        this.#remove(CLEAN_STOP);
        syncDirectory(this.path);
      }
    });
  }

  /** The database is there, and empty or not, readable from now on. */
  markFormat(): void {
    if (!this.#has(MARKER)) this.#write(MARKER, MARK);
  }

  /** The database is closed, and all of it is on disk. */
  markCleanStop(): void {
    const { size, mtimeMs } = statSync(join(this.path, DATA));
    this.#write(CLEAN_STOP, { bytes: size, modifiedMs: mtimeMs } satisfies CleanStop);
  }

  /** The database is open, and its file as well until `release`. */
  watchData(): void {
    this.#data = { path: this.dataFile, handle: attempt(this.path, () => openSync(this.dataFile, "r")) };
  }

  /** @throws {FileReplacedError} where the directory was removed or replaced */
  check(): void {
    checkNamed([this.#lock.file, ...(this.#data ? [this.#data] : [])]);
  }

  async release(): Promise<void> {
    if (this.#data) closeSync(this.#data.handle);
    this.#data = undefined;
    await this.#lock.release();
  }

  #checkFormat(): void {
    this.#checkNotNewer();
    if (attempt(this.path, () => this.#json(MARKER)["format"]) !== FORMAT)
      throw this.#damaged(`${join(this.path, MARKER)} does not say which data format it is`);
  }

  #checkNotNewer(): void {
    const { format } = attempt(this.path, () => this.#json(MARKER));
    if (typeof format !== "number" || format <= FORMAT) return;
    throw new DataDirectoryError(
      "newer-format",
      this.path,
      `${this.path} has data format ${format}, of a newer nakadi; this one knows format ${FORMAT}. Use the newer one`,
    );
  }

  #damaged(what: string): DataDirectoryError {
    const message = `${what}. To check and repair it: nakadi repair ${this.path}`;
    return new DataDirectoryError("damaged", this.path, message);
  }

  #damage(): string | undefined {
    if (!this.#has(DATA)) return "is missing";
    const { size } = statSync(this.dataFile);
    const expected = expectedBytes(this.#header());
    if (expected === undefined) return "has been overwritten";
    // What was written when the broker stopped may rightly be a little shorter.
    if (this.#has(CLEAN_STOP) && this.#json(CLEAN_STOP)["bytes"] === size) return undefined;
    return size < expected ? `has ${size} bytes, ${expected - size} too few` : undefined;
  }

  /** What has changed since the broker stopped. */
  #change(): string | undefined {
    if (!this.#has(CLEAN_STOP)) return undefined;
    const { size, mtimeMs } = statSync(this.dataFile);
    const { bytes, modifiedMs } = this.#json(CLEAN_STOP) as Partial<CleanStop>;
    if (size !== bytes) return `has ${size} bytes, and had ${bytes} when the broker stopped`;
    return mtimeMs === modifiedMs ? undefined : "was changed since the broker stopped";
  }

  /** A second name, or a copy where there are none, so that no moment is without the file. */
  #keepData(): string {
    for (let number = 1; ; number++) {
      const path = join(this.path, `damaged-${number}.mdb`);
      if (existsSync(path)) continue;
      try {
        linkSync(this.dataFile, path);
      } catch {
        copyFileSync(this.dataFile, path);
      }
      return path;
    }
  }

  #header(): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    const handle = openSync(join(this.path, DATA), "r");
    try {
      return header.subarray(0, readSync(handle, header));
    } finally {
      closeSync(handle);
    }
  }

  #has(name: string): boolean {
    return readdirSync(this.path).includes(name);
  }

  /** The members of an object in a file; none where it holds anything else. */
  #json(name: string): Readonly<Record<string, unknown>> {
    const text = readFileSync(join(this.path, name), "utf8");
    try {
      const json: unknown = JSON.parse(text);
      return typeof json === "object" && json !== null ? { ...json } : {};
    } catch {
      return {};
    }
  }

  #remove(...names: readonly string[]): void {
    for (const name of names) rmSync(join(this.path, name), { force: true });
  }

  #write(name: string, json: unknown): void {
    attempt(this.path, () => writeWhole(this.path, name, json));
  }
}
