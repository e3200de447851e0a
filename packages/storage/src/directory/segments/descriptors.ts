/**
 * Files that are open, a bounded number of them; the one that was not used for the longest time is closed.
 */
import type { Access, Files, OpenFile } from "../files.ts";

const MAX_OPEN = 256;

interface Descriptor {
  file: Promise<OpenFile>;
  uses: number;
  /** Closed at the end of the last use. */
  leaving: boolean;
}

export class Descriptors {
  readonly #files: Files;
  readonly #limit: number;
  /** The least recently used first. */
  readonly #open = new Map<string, Descriptor>();
  #count = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(files: Files, limit: number = MAX_OPEN) {
    this.#files = files;
    this.#limit = limit;
  }

  /** Files that are open now. */
  get count(): number {
    return this.#count;
  }

  /** @param access `create` makes the file where there is none */
  async use<T>(path: string, access: "write" | "create", work: (file: OpenFile) => Promise<T>): Promise<T> {
    const descriptor = await this.#take(path, access);
    try {
      return await work(await descriptor.file);
    } catch (error) {
      descriptor.leaving = true;
      if (this.#open.get(path) === descriptor) this.#open.delete(path);
      throw error;
    } finally {
      descriptor.uses -= 1;
      if (descriptor.uses === 0 && descriptor.leaving) await this.#close(descriptor);
      else if (descriptor.uses === 0) this.#waiting.shift()?.();
    }
  }

  /** The name is gone, or stands for another file now. Its readers still hold the old one. */
  async forget(path: string): Promise<void> {
    const descriptor = this.#open.get(path);
    if (!descriptor) return;
    this.#open.delete(path);
    descriptor.leaving = true;
    if (descriptor.uses === 0) await this.#close(descriptor);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((path) => this.forget(path)));
  }

  async #take(path: string, access: Access): Promise<Descriptor> {
    for (;;) {
      const found = this.#open.get(path);
      if (found) {
        this.#open.delete(path);
        this.#open.set(path, found);
        found.uses += 1;
        return found;
      }
      if (this.#count < this.#limit) break;
      const idle = [...this.#open].find(([, { uses }]) => uses === 0);
      if (idle) await this.forget(idle[0]);
      else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    this.#count += 1;
    const descriptor = { file: this.#files.open(path, access), uses: 1, leaving: false };
    this.#open.set(path, descriptor);
    return descriptor;
  }

  async #close(descriptor: Descriptor): Promise<void> {
    try {
      const file = await descriptor.file.catch(() => undefined);
      await file?.close();
    } finally {
      this.#count -= 1;
      this.#waiting.shift()?.();
    }
  }
}
