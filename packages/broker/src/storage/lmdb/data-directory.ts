/**
 * The directory around the database: whose it is, in which format, who uses it, and whether its file may be opened. All of
 * that is looked at before LMDB touches anything, because a file that was cut off kills the process that reads it.
 *
 *     nakadi.json       the format; written once the database is there
 *     nakadi.lock       the lock of the process that uses it, with its id
 *     clean-stop.json   what the file was like when a broker stopped; absent while one runs, and after a crash
 *     data.mdb lock.mdb LMDB's own
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DataDirectoryError } from "../data-directory-error.ts";
import { expectedBytes, HEADER_BYTES } from "./file-header.ts";
import { ownerOf, tryOwnerLock } from "./owner-lock.ts";
import type { OwnerLock } from "./owner-lock.ts";

/** What this version writes, and the only one that it reads. */
const FORMAT = 1;

const MARKER = "nakadi.json";
const LOCK = "nakadi.lock";
const CLEAN_STOP = "clean-stop.json";
const DATA = "data.mdb";
const LMDB_LOCK = "lock.mdb";
/** Begins the name of a file that is not whole yet. */
const NEW = "new-";
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

  private constructor(path: string, lock: OwnerLock) {
    this.path = path;
    this.#lock = lock;
  }

  /** Takes the directory for this process, and makes it where there is none. @throws {DataDirectoryError} */
  static async take(path: string): Promise<DataDirectory> {
    const entries = attempt(path, () => {
      makeDirectory(path);
      return readdirSync(path).filter((name) => name !== IGNORED);
    });
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
      if (isNew) attempt(path, () => directory.#remove(DATA, LMDB_LOCK));
      else directory.#checkFormat();
      return directory;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** @throws {DataDirectoryError} where LMDB must not open the file */
  checkData(): void {
    if (!this.#has(MARKER)) return;
    const damage = attempt(this.path, () => this.#damage());
    if (damage !== undefined) {
      throw new DataDirectoryError(
        "damaged",
        this.path,
        `${join(this.path, DATA)} ${damage}. To check and repair it: nakadi repair ${this.path}`,
      );
    }
  }

  /** Before anything is written to the database: from now on, until a clean stop, it may have any length. */
  begin(): void {
    attempt(this.path, () => {
      // LMDB makes a new one; whatever a killed process has left in it is of no use to the only owner.
      this.#remove(LMDB_LOCK);
      if (this.#has(CLEAN_STOP)) {
        this.#remove(CLEAN_STOP);
        this.#sync();
      }
    });
  }

  /** The database is there, and empty or not, readable from now on. */
  markFormat(): void {
    if (!this.#has(MARKER)) this.#write(MARKER, { nakadi: "data directory", format: FORMAT });
  }

  /** The database is closed, and all of it is on disk. */
  markCleanStop(): void {
    const { size, mtimeMs } = statSync(join(this.path, DATA));
    this.#write(CLEAN_STOP, { bytes: size, modifiedMs: mtimeMs } satisfies CleanStop);
  }

  async release(): Promise<void> {
    await this.#lock.release();
  }

  #checkFormat(): void {
    const { format } = attempt(this.path, () => this.#json(MARKER));
    if (format === FORMAT) return;
    throw typeof format === "number" && format > FORMAT
      ? new DataDirectoryError(
          "newer-format",
          this.path,
          `${this.path} has data format ${format}, of a newer nakadi; this one knows format ${FORMAT}. Use the newer one`,
        )
      : new DataDirectoryError("damaged", this.path, `${join(this.path, MARKER)} does not say which data format it is`);
  }

  /** What is wrong with the file, as far as can be said without opening it. */
  #damage(): string | undefined {
    if (!this.#has(DATA)) return "is missing";
    const { size, mtimeMs } = statSync(join(this.path, DATA));
    const expected = expectedBytes(this.#header());
    if (expected === undefined) return "has been overwritten";
    if (this.#has(CLEAN_STOP)) {
      const { bytes, modifiedMs } = this.#json(CLEAN_STOP) as Partial<CleanStop>;
      if (size !== bytes) return `has ${size} bytes, and had ${bytes} when the broker stopped`;
      return mtimeMs === modifiedMs ? undefined : "was changed since the broker stopped";
    }
    return size < expected ? `has ${size} bytes, ${expected - size} too few` : undefined;
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

  /** Whole and on disk, or not at all. */
  #write(name: string, json: unknown): void {
    attempt(this.path, () => {
      const temporary = join(this.path, NEW + name);
      const handle = openSync(temporary, "w");
      try {
        writeSync(handle, `${JSON.stringify(json)}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, join(this.path, name));
      this.#sync();
    });
  }

  /** Names of files are on disk only when the directory is. */
  #sync(): void {
    if (process.platform === "win32") return;
    const handle = openSync(this.path, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}

/** With all that lead to it. Node's own `recursive` never ends where a file system has no place for directories. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path);
  }
}

/** @throws {DataDirectoryError} for what the system says */
function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unusable(path, error);
  }
}

async function attemptLater<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unusable(path, error);
  }
}

export function unusable(path: string, error: unknown): DataDirectoryError {
  if (error instanceof DataDirectoryError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const why = (code !== undefined && SENTENCES[code]) || message;
  return new DataDirectoryError("unusable", path, `cannot use ${path} for data: ${why}`, error);
}

const SENTENCES: Readonly<Record<string, string>> = {
  EACCES: "not allowed. Choose a directory that this user may write to",
  EPERM: "not allowed. Choose a directory that this user may write to",
  EROFS: "it is on a read-only file system",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "it, or a part of its path, is a file",
  EEXIST: "it is a file",
};
