/** Keeps a stream supplied: one read at a time for each partition, again when there may be something new. */
import type { LogId, LogPort, PartitionKey } from "nakadi-storage";
import type { Axis } from "../../positions/axis.ts";
import type { Wanted } from "./read-ahead.ts";
import { readRecords, type ReadRecords } from "./record-reader.ts";

interface Reader {
  axis: Axis;
  partition: number;
  reading: boolean;
  /** There may be more than the last read found. */
  stale: boolean;
  /** Where the last read ended; a stream that wants to go on elsewhere was moved by a commit. */
  next: number;
  hints: readonly Disposable[];
}

export interface Supply {
  received(partition: PartitionKey, from: number, read: ReadRecords): void;
  /** There may be something new. */
  stirred(): void;
  failed(error: unknown): void;
}

export class PartitionReaders {
  readonly #log: LogPort;
  readonly #subscription: string | undefined;
  readonly #supply: Supply;
  readonly #readers = new Map<PartitionKey, Reader>();
  readonly #aborter = new AbortController();

  /** @param subscription whose events these are; `undefined`: nobody's in particular */
  constructor(log: LogPort, subscription: string | undefined, supply: Supply) {
    this.#log = log;
    this.#subscription = subscription;
    this.#supply = supply;
  }

  add(key: PartitionKey, partition: number, axis: Axis): void {
    this.remove(key);
    if (this.#aborter.signal.aborted) return;
    const reader: Reader = { axis, partition, reading: false, stale: true, next: -1, hints: [] };
    this.#readers.set(key, reader);
    reader.hints = axis.segments.map(({ log }) => this.#listen(log, reader));
  }

  remove(key: PartitionKey): void {
    const reader = this.#readers.get(key);
    for (const hint of reader?.hints ?? []) hint[Symbol.dispose]();
    this.#readers.delete(key);
  }

  /** Hints may be lost: look at everything again. */
  suspectAll(): void {
    for (const reader of this.#readers.values()) reader.stale = true;
  }

  read(wanted: readonly Wanted[]): void {
    for (const want of wanted) {
      const reader = this.#readers.get(want.partition);
      if (reader && !reader.reading && (reader.stale || reader.next !== want.from)) void this.#read(reader, want);
    }
  }

  close(): void {
    this.#aborter.abort();
    for (const key of this.#readers.keys()) this.remove(key);
  }

  #listen(log: LogId, reader: Reader): Disposable {
    return this.#log.onAppend(log, reader.partition, () => {
      reader.stale = true;
      this.#supply.stirred();
    });
  }

  async #read(reader: Reader, { partition, from, bytes, records }: Wanted): Promise<void> {
    reader.reading = true;
    reader.stale = false;
    try {
      const request = { partition: reader.partition, from, bytes, records };
      const read = await readRecords(this.#log, reader.axis, request, this.#subscription, this.#aborter.signal);
      reader.reading = false;
      if (this.#readers.get(partition) !== reader) return;
      if (read.next > from) reader.stale = true;
      reader.next = read.next;
      this.#supply.received(partition, from, read);
    } catch (error) {
      reader.reading = false;
      if (!this.#aborter.signal.aborted) this.#supply.failed(error);
    }
  }
}
