/** An LMDB file, page by page, without mapping it: what lies beyond its end is missing, and kills nobody. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { HEADER_BYTES, readHeader } from "../file-header.ts";
import type { FileHeader } from "../file-header.ts";
import { parsePage, VALUE_AT } from "./page.ts";
import type { Node, Page } from "./page.ts";

export class PageFile {
  readonly header: FileHeader;
  /** Of the file as it is. */
  readonly bytes: number;
  readonly #handle: number;

  /** @throws the system's error */
  constructor(path: string) {
    this.#handle = openSync(path, "r");
    this.bytes = fstatSync(this.#handle).size;
    this.header = readHeader(this.#read(0, HEADER_BYTES));
  }

  /** How many there are, and how many there should be. */
  get pages(): number {
    return Math.ceil(this.bytes / this.header.pageSize);
  }

  page(number: number): Page | undefined {
    const { pageSize } = this.header;
    return this.#isHere(number) ? parsePage(this.#read(number * pageSize, pageSize), number) : undefined;
  }

  /** `undefined` where it is not all here. */
  value({ value }: Node): Buffer | undefined {
    if (Buffer.isBuffer(value)) return value;
    if (!this.#isHere(value.page)) return undefined;
    const at = value.page * this.header.pageSize + VALUE_AT;
    if (at + value.bytes > this.bytes) return undefined;
    return this.#read(at, value.bytes);
  }

  close(): void {
    closeSync(this.#handle);
  }

  #isHere(number: number): boolean {
    return number >= 0 && number < this.pages;
  }

  #read(at: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(bytes, this.bytes - at)));
    let read = 0;
    while (read < buffer.length) {
      const now = readSync(this.#handle, buffer, read, buffer.length - read, at + read);
      if (now === 0) return buffer.subarray(0, read);
      read += now;
    }
    return buffer;
  }
}
