/**
 * The journal's bytes: one endless sequence, cut into files of one size that are named for their place in it. A file that is
 * not needed any more becomes a later one, so that its blocks are on the disk already and a sync writes nothing but data.
 */
import { join } from "node:path";
import { FileReplacedError } from "../files.ts";
import type { Files, OpenFile } from "../files.ts";
import type { JournalPosition } from "./entry.ts";

const JOURNAL_FILE_BYTES = 16 * 1024 * 1024;

/** Files that are kept to be used again. */
const SPARE_FILES = 4;

interface Current {
  number: number;
  file: OpenFile;
  identity: string;
}

export class JournalFiles {
  readonly #files: Files;
  readonly #directory: string;
  readonly fileBytes: number;
  readonly #numbers: Set<number>;
  /** Opened for writing: the last one, and those before it that are not synced yet. */
  #open: Current[] = [];
  #recycling: Promise<void> = Promise.resolve();

  private constructor(files: Files, directory: string, fileBytes: number, numbers: readonly number[]) {
    this.#files = files;
    this.#directory = directory;
    this.fileBytes = fileBytes;
    this.#numbers = new Set(numbers);
  }

  static async open(files: Files, directory: string, fileBytes: number = JOURNAL_FILE_BYTES): Promise<JournalFiles> {
    await files.makeDirectory(directory);
    const names = await files.list(directory);
    return new JournalFiles(files, directory, fileBytes, names.filter(isJournalFile).map(Number));
  }

  /** Whether it is known that nothing is missing at `position`: the file is there that holds it, or the one before. */
  reaches(position: JournalPosition): boolean {
    return (
      [position, position - 1].some((at) => this.#numbers.has(Math.floor(at / this.fileBytes))) ||
      this.limit + position === 0
    );
  }

  /** Nothing is stored before. */
  get start(): JournalPosition {
    return this.#numbers.size === 0 ? 0 : Math.min(...this.#numbers) * this.fileBytes;
  }

  /** Nothing is stored from here on. */
  get limit(): JournalPosition {
    return this.#numbers.size === 0 ? 0 : (Math.max(...this.#numbers) + 1) * this.fileBytes;
  }

  /** As many bytes as `length` says; zeros where nothing is. */
  async read(position: JournalPosition, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length;) {
      const { number, offset, room } = this.#place(position + done);
      const part = bytes.subarray(done, done + room);
      if (this.#numbers.has(number)) {
        const file = await this.#files.open(this.#path(number), "read");
        try {
          await file.read(part, offset);
        } finally {
          await file.close();
        }
      }
      done += part.length;
    }
    return bytes;
  }

  /** `sync` makes it durable. */
  async write(parts: readonly Uint8Array[], position: JournalPosition): Promise<void> {
    let at = position;
    let { offset, room } = this.#place(at);
    let run: Uint8Array[] = [];
    const flush = async (): Promise<void> => {
      if (run.length > 0) await (await this.#fileAt(at)).writev(run, offset);
      for (const part of run) at += part.length;
      run = [];
      ({ offset, room } = this.#place(at));
    };
    for (let part of parts) {
      while (part.length > room) {
        run.push(part.subarray(0, room));
        part = part.subarray(room);
        await flush();
      }
      run.push(part);
      room -= part.length;
    }
    await flush();
  }

  /** @throws {FileReplacedError} where the file that was written is not the one that its name stands for any more */
  async sync(): Promise<void> {
    const last = this.#open.at(-1);
    const [named] = await Promise.all([
      last && this.#files.identity(this.#path(last.number)),
      ...this.#open.map(({ file }) => file.datasync()),
    ]);
    if (last && named !== last.identity) throw new FileReplacedError(this.#path(last.number));
    for (const { file } of this.#open.splice(0, this.#open.length - 1)) await file.close();
  }

  /** Forgets all bytes from `position` on, for good. */
  async truncate(position: JournalPosition): Promise<void> {
    const { number: last, offset } = this.#place(position);
    for (const number of [...this.#numbers].filter((each) => each > last)) {
      await this.#files.unlink(this.#path(number));
      this.#numbers.delete(number);
    }
    this.#numbers.add(last);
    const file = await this.#files.open(this.#path(last), "create");
    try {
      if ((await file.size()) > offset) await file.truncate(offset);
      await file.datasync();
    } finally {
      await file.close();
    }
    await this.#files.syncDirectory(this.#directory);
  }

  /** Nothing before `position` is needed any more. Only one at a time. */
  recycle(position: JournalPosition): Promise<void> {
    return (this.#recycling = this.#recycle(this.#place(position).number));
  }

  async close(): Promise<void> {
    await this.#recycling;
    for (const { file } of this.#open.splice(0)) await file.close();
  }

  async #recycle(first: number): Promise<void> {
    const unused = [...this.#numbers].filter((number) => number < first);
    let ahead = [...this.#numbers].filter((number) => number > first).length;
    for (const number of unused) {
      if (ahead >= SPARE_FILES) {
        await this.#files.unlink(this.#path(number));
      } else {
        const next = Math.max(...this.#numbers) + 1;
        this.#numbers.add(next);
        await this.#files.rename(this.#path(number), this.#path(next));
        ahead += 1;
      }
      this.#numbers.delete(number);
    }
    if (unused.length > 0) await this.#files.syncDirectory(this.#directory);
  }

  async #fileAt(position: JournalPosition): Promise<OpenFile> {
    const { number } = this.#place(position);
    const last = this.#open.at(-1);
    if (last?.number === number) return last.file;
    // A file that is being renamed may be the one to write to.
    for (let recycling; recycling !== this.#recycling;) await (recycling = this.#recycling);
    const isNew = !this.#numbers.has(number);
    // Taken before it is made, so that no other file gets the name while it is made.
    this.#numbers.add(number);
    const file = await this.#files.open(this.#path(number), "create");
    this.#open.push({ number, file, identity: await file.identity() });
    if (isNew) await this.#files.syncDirectory(this.#directory);
    return file;
  }

  #place(position: JournalPosition): { number: number; offset: number; room: number } {
    const offset = position % this.fileBytes;
    return { number: Math.floor(position / this.fileBytes), offset, room: this.fileBytes - offset };
  }

  #path(number: number): string {
    return join(this.#directory, journalFileName(number));
  }
}

/** Of the file with the bytes from `number` times the bytes of a file on. */
export function journalFileName(number: number): string {
  return String(number).padStart(10, "0");
}

export function isJournalFile(name: string): boolean {
  return /^\d{10}$/.test(name);
}
