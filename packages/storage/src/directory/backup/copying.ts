/** Copies files into a directory that was empty, and takes everything away again where that fails. */
import { mkdir, readdir, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { crc32 } from "node:zlib";
import { IGNORED, UNFINISHED_COPY } from "../data-directory.ts";
import { nodeFiles } from "../files.ts";
import type { OpenFile } from "../files.ts";
import { BackupError } from "../../backup-error.ts";
import { refused } from "./refused.ts";

const CHUNK_BYTES = 1024 * 1024;

export interface CopyOptions {
  /** Aborted: what was copied is removed. */
  signal?: AbortSignal;
  /** Bytes that were copied, and bytes that are known of so far. */
  onProgress?: (done: number, total: number) => void;
}

/** Of a file that was copied in part: the rest goes on from there. */
export interface Copied {
  bytes: number;
  crc32: number;
}

const NOTHING: Copied = { bytes: 0, crc32: 0 };

export class Copying {
  readonly #from: string;
  readonly #to: string;
  readonly #options: CopyOptions;
  readonly #buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #done = 0;
  #expected = 0;

  constructor(from: string, to: string, options: CopyOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  /** Bytes of files that will be copied. */
  expect(bytes: number): void {
    this.#expected += bytes;
  }

  /**
   * The bytes of a file behind `before` and up to `end`, or to its end. Undefined where there is no file.
   * @throws {BackupError} for what the system says. @throws the signal's reason
   */
  async copy(path: string, before: Copied = NOTHING, end: number = Infinity): Promise<Copied | undefined> {
    const [from, to] = [join(this.#from, path), join(this.#to, path)];
    const source = await nodeFiles.open(from, "read").catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw refused("read", from, error);
    });
    if (!source) return undefined;
    try {
      return await this.write(path, (target) => this.#copyBytes([source, from], [target, to], before, end));
    } finally {
      await source.close();
    }
  }

  /** A file that is on disk, with its name once `finish` has resolved. */
  async write<T>(path: string, work: (file: OpenFile) => Promise<T>): Promise<T> {
    const to = join(this.#to, path);
    try {
      await nodeFiles.makeDirectory(dirname(to));
      const file = await nodeFiles.open(to, "create");
      try {
        const value = await work(file);
        await file.datasync();
        return value;
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      throw refused("write to", to, error);
    }
  }

  async #copyBytes(
    [source, from]: [OpenFile, string],
    [target, to]: [OpenFile, string],
    { bytes: start, crc32: checksum }: Copied,
    end: number,
  ): Promise<Copied> {
    let at = start;
    let sum = checksum;
    await target.truncate(start);
    while (at < end) {
      this.#options.signal?.throwIfAborted();
      const part = this.#buffer.subarray(0, Math.min(CHUNK_BYTES, end - at));
      const count = await source.read(part, at).catch((error: unknown) => {
        throw refused("read", from, error);
      });
      if (count === 0) break;
      const bytes = part.subarray(0, count);
      await target.writev([bytes], at).catch((error: unknown) => {
        throw refused("write to", to, error);
      });
      sum = crc32(bytes, sum);
      at += count;
      this.#done += count;
      this.#options.onProgress?.(this.#done, Math.max(this.#done, this.#expected));
    }
    return { bytes: at, crc32: sum };
  }
}

/**
 * Makes a copy in `to`, which is marked as unfinished until its end. Where `make` fails, `to` is as it was before.
 * @throws {BackupError} where `to` is not empty, or one of the directories lies in the other
 */
export async function intoEmpty<T>(from: string, to: string, make: () => Promise<T>): Promise<T> {
  const [source, target] = [await realPath(resolve(from)), await realPath(resolve(to))];
  if (isWithin(source, target) || isWithin(target, source))
    throw new BackupError(`${to} and ${from} lie in each other. Choose a directory elsewhere`);
  const existed = await claim(to);
  try {
    const made = await make();
    await syncAll(to);
    await nodeFiles.unlink(join(to, UNFINISHED_COPY));
    await nodeFiles.syncDirectory(to);
    return made;
  } catch (error) {
    throw await removed(to, existed, error);
  }
}

/** Says whether the directory was there. */
async function claim(to: string): Promise<boolean> {
  try {
    const existed = (await stat(to).catch(() => undefined)) !== undefined;
    const entries = (await nodeFiles.list(to)).filter((name) => name !== IGNORED);
    if (entries.includes(UNFINISHED_COPY))
      throw new BackupError(
        `${to} holds a copy that was not finished. Remove what is in it, or choose another directory`,
      );
    if (entries.length > 0)
      throw new BackupError(`${to} is not empty: it holds ${entries[0]}. Choose an empty or a new directory`);
    await mkdir(to, { recursive: true, mode: 0o700 });
    await (await nodeFiles.open(join(to, UNFINISHED_COPY), "create")).close();
    await nodeFiles.syncDirectory(to);
    return existed;
  } catch (error) {
    throw refused("write to", to, error);
  }
}

/** The error after everything was taken away; the mark goes last. */
async function removed(to: string, existed: boolean, error: unknown): Promise<unknown> {
  try {
    for (const name of await readdir(to))
      if (name !== UNFINISHED_COPY && name !== IGNORED) await rm(join(to, name), { recursive: true });
    await rm(join(to, UNFINISHED_COPY), { force: true });
    if (!existed) await rm(to, { recursive: true });
    return error;
  } catch {
    const message = error instanceof BackupError ? `${error.message}. ` : "";
    return new BackupError(`${message}What was copied could not be removed: remove ${to}`, { cause: error });
  }
}

async function syncAll(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== IGNORED) await syncAll(join(directory, entry.name));
  await nodeFiles.syncDirectory(directory);
}

/** Of what may not be there yet. */
async function realPath(path: string): Promise<string> {
  return realpath(path).catch(async (error: unknown) => {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw refused("write to", path, error);
    return join(await realPath(parent), basename(path));
  });
}

function isWithin(outer: string, inner: string): boolean {
  const way = relative(outer, inner);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
