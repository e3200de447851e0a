/**
 * What the journal holds when the directory is opened: its entries up to the first that is not whole. Where that is the end
 * of the last group that was written, it was not acknowledged; where a later group follows, acknowledged data is damaged.
 */
import { HEADER_BYTES, isWhole, nextMagic, readHeader } from "./entry.ts";
import type { Entry, JournalPosition } from "./entry.ts";
import type { JournalFiles } from "./journal-files.ts";

const WINDOW_BYTES = 4 * 1024 * 1024;

export interface JournalDamage {
  /** From the first byte that is damaged or missing, to the next entry that is whole. */
  from: JournalPosition;
  to: JournalPosition;
}

/**
 * Gives each entry from `from` on to `each`, in order, and says where they end. What comes behind damage is given too, after
 * `onDamage`, which may throw.
 */
export async function replayEntries(
  files: JournalFiles,
  from: JournalPosition,
  each: (entry: Entry) => void | Promise<unknown>,
  onDamage: (damage: JournalDamage) => void,
): Promise<JournalPosition> {
  let position = from;
  if (!files.reaches(from)) {
    position = Math.max(from, files.start);
    onDamage({ from, to: position });
  }
  for (const window = new Window(files); ;) {
    for (let entry; (entry = await window.entryAt(position)); position = entry.end) await each(entry);
    if ((await nextEntry(files, position, ({ group }) => group > position)) === undefined) return position;
    const to = (await nextEntry(files, position, () => true)) ?? position;
    onDamage({ from: position, to });
    position = to;
  }
}

/** Where the first whole entry behind `position` begins that is `wanted`. */
async function nextEntry(
  files: JournalFiles,
  position: JournalPosition,
  wanted: (entry: { group: JournalPosition }) => boolean,
): Promise<JournalPosition | undefined> {
  const window = new Window(files);
  for (let at = position + 1; ; at += 1) {
    const found = await window.magicFrom(at);
    if (found === undefined) return undefined;
    at = found;
    const entry = await window.entryAt(at);
    if (entry && wanted(entry)) return at;
  }
}

/** A part of the journal in memory. */
class Window {
  readonly #files: JournalFiles;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(files: JournalFiles) {
    this.#files = files;
  }

  async entryAt(position: JournalPosition): Promise<(Entry & { group: JournalPosition }) | undefined> {
    const header = readHeader(await this.#at(position, HEADER_BYTES), 0, position);
    if (!header) return undefined;
    const end = position + HEADER_BYTES + header.length;
    if (end > this.#files.limit) return undefined;
    const bytes = await this.#at(position, HEADER_BYTES + header.length);
    if (!isWhole(bytes)) return undefined;
    return { kind: header.kind, position, end, group: header.group, payload: bytes.subarray(HEADER_BYTES) };
  }

  async magicFrom(position: JournalPosition): Promise<JournalPosition | undefined> {
    for (let at = position; at < this.#files.limit;) {
      const bytes = await this.#at(at, HEADER_BYTES);
      const rest = this.#bytes.subarray(at - this.#start);
      const found = nextMagic(rest, 0);
      if (found >= 0) return at + found;
      at += Math.max(rest.length, bytes.length) - HEADER_BYTES + 1;
    }
    return undefined;
  }

  async #at(position: JournalPosition, length: number): Promise<Buffer> {
    const behind = position - this.#start;
    if (behind < 0 || behind + length > this.#bytes.length) {
      const rest = Math.min(WINDOW_BYTES, this.#files.limit - position);
      this.#bytes = await this.#files.read(position, Math.max(length, rest));
      this.#start = position;
      return this.#bytes.subarray(0, length);
    }
    return this.#bytes.subarray(behind, behind + length);
  }
}
