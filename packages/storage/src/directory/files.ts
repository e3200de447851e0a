/**
 * The only way to the disk: files and directories, without a synchronous call. A test puts its own layer here, which loses
 * what was not synced.
 */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

/** An open file. A position is a number of bytes from its start. */
export interface OpenFile {
  /** Bytes read into `buffer`: fewer than its length only at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** All bytes of `parts`, one after the other, from `position` on. */
  writev(parts: readonly Uint8Array[], position: number): Promise<void>;
  /** Content and length are on disk; the name is not, see `Files.syncDirectory`. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  /** Device and inode: differs from that of a file which has taken the name since. */
  identity(): Promise<string>;
  close(): Promise<void>;
}

/** `read`: an existing file. `write`: an existing one, for both. `create`: for both, made where there is none. */
export type Access = "read" | "write" | "create";

/** Errors are those of the system, with its `code`. */
export interface Files {
  /** A new file has mode 0600. */
  open(path: string, access: Access): Promise<OpenFile>;
  /** Names in a directory, in no order; none where there is no directory. */
  list(path: string): Promise<readonly string[]>;
  /** With all that lead to it, mode 0700; all of them are on disk. One that exists stays as it is. */
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** What is gone already stays so. */
  unlink(path: string): Promise<void>;
  /** An empty one. What is gone already stays so. */
  removeDirectory(path: string): Promise<void>;
  /** Names in a directory are on disk only then. */
  syncDirectory(path: string): Promise<void>;
  /** Device and inode of what the name stands for now; `undefined` where there is nothing. */
  identity(path: string): Promise<string | undefined>;
}

const call = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  ftruncate: promisify(fs.ftruncate),
  fdatasync: promisify(fs.fdatasync),
  fsync: promisify(fs.fsync),
  fstat: promisify(fs.fstat),
  stat: promisify(fs.stat),
  readdir: promisify(fs.readdir),
  mkdir: promisify(fs.mkdir),
  rename: promisify(fs.rename),
  unlink: promisify(fs.unlink),
  rmdir: promisify(fs.rmdir),
};

const FLAGS: Readonly<Record<Access, number>> = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
};

/** A handle is a plain number: one of `fs/promises` costs twice as much a call. */
class NodeFile implements OpenFile {
  readonly #handle: number;

  constructor(handle: number) {
    this.#handle = handle;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < buffer.length) {
      const bytes = await new Promise<number>((resolve, reject) => {
        fs.read(this.#handle, buffer, done, buffer.length - done, position + done, (error, count) =>
          error ? reject(error) : resolve(count),
        );
      });
      if (bytes === 0) break;
      done += bytes;
    }
    return done;
  }

  async writev(parts: readonly Uint8Array[], position: number): Promise<void> {
    let rest = parts;
    for (let at = position; rest.length > 0;) {
      const bytes = await new Promise<number>((resolve, reject) => {
        fs.writev(this.#handle, rest, at, (error, count) => (error ? reject(error) : resolve(count)));
      });
      rest = behind(rest, bytes);
      at += bytes;
    }
  }

  async datasync(): Promise<void> {
    await call.fdatasync(this.#handle);
  }

  async truncate(length: number): Promise<void> {
    await call.ftruncate(this.#handle, length);
  }

  async size(): Promise<number> {
    return (await call.fstat(this.#handle)).size;
  }

  async identity(): Promise<string> {
    return identityOf(await call.fstat(this.#handle));
  }

  async close(): Promise<void> {
    await call.close(this.#handle);
  }
}

export const nodeFiles: Files = {
  open: async (path, access) => new NodeFile(await call.open(path, FLAGS[access], 0o600)),

  list: async (path) => (await unless("ENOENT", call.readdir(path))) ?? [],

  // Node's own `recursive` never ends where a file system has no place for directories.
  makeDirectory: async (path) => {
    try {
      await call.mkdir(path, 0o700);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST" && (await call.stat(path)).isDirectory()) return;
      if (code !== "ENOENT" || dirname(path) === path) throw error;
      await nodeFiles.makeDirectory(dirname(path));
      // Another call may have been faster.
      await unless("EEXIST", call.mkdir(path, 0o700));
    }
    await nodeFiles.syncDirectory(dirname(path));
  },

  rename: (from, to) => call.rename(from, to),

  unlink: (path) => unless("ENOENT", call.unlink(path)),

  removeDirectory: (path) => unless("ENOENT", call.rmdir(path)),

  syncDirectory: async (path) => {
    if (process.platform === "win32") return;
    const handle = await call.open(path, fs.constants.O_RDONLY);
    try {
      await call.fsync(handle);
    } finally {
      await call.close(handle);
    }
  },

  identity: async (path) => {
    const stats = await unless("ENOENT", call.stat(path));
    return stats && identityOf(stats);
  },
};

function identityOf({ dev, ino }: fs.Stats): string {
  return `${dev}:${ino}`;
}

async function unless<T>(code: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return undefined;
    throw error;
  }
}

/** What is left to write after the first `bytes`. */
function behind(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  for (const [index, part] of parts.entries()) {
    if (left < part.length) return [part.subarray(left), ...parts.slice(index + 1)];
    left -= part.length;
  }
  return [];
}

/**
 * A path does not name what this process has open any more. A directory that is removed or replaced leaves the open files to
 * their process: what is written to them succeeds and is gone with the process.
 */
export class FileReplacedError extends Error {
  override readonly name = "FileReplacedError";
  readonly code = "FILE_REPLACED";
  constructor(path: string) {
    super(`${path} was removed or replaced while this process had it open`);
  }
}
