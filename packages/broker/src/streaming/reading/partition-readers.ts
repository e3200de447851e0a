/** Reads the partitions of one stream from the log: one read at a time for each, repeated when there may be new events. */
import type { LogId, LogPort, PartitionKey } from "nakadi-storage";
import type { Axis } from "../../positions/axis.ts";
import type { Wanted } from "./read-ahead.ts";
import type { StreamRecord } from "./record-buffer.ts";

export interface ReadRecords {
  records: StreamRecord[];
  /** Ordinals of events that are meant for another subscription. */
  hidden: number[];
  /** Ordinal from which the next read goes on; where the read began if there is nothing new. */
  next: number;
}

interface Reader {
  axis: Axis;
  partition: number;
  reading: boolean;
  /** There may be more than the last read found. */
  stale: boolean;
  /** Where the last read ended; a commit that moves the stream makes it read from elsewhere. */
  next: number;
  hints: readonly Disposable[];
}

export interface ReaderEvents {
  onRecords(partition: PartitionKey, from: number, read: ReadRecords): void;
  /** The log has hinted at an append. */
  onDataAvailable(): void;
  onFailure(error: unknown): void;
}

export class PartitionReaders {
  readonly #log: LogPort;
  readonly #subscription: string | undefined;
  readonly #events: ReaderEvents;
  readonly #readers = new Map<PartitionKey, Reader>();
  readonly #aborter = new AbortController();

  /** @param subscription whose events are read; `undefined` reads none that is meant for a subscription (protocol 4.9) */
  constructor(log: LogPort, subscription: string | undefined, events: ReaderEvents) {
    this.#log = log;
    this.#subscription = subscription;
    this.#events = events;
  }

  addPartition(key: PartitionKey, partition: number, axis: Axis): void {
    this.removePartition(key);
    if (this.#aborter.signal.aborted) return;
    const reader: Reader = { axis, partition, reading: false, stale: true, next: -1, hints: [] };
    this.#readers.set(key, reader);
    reader.hints = axis.segments.map(({ log }) => this.#listen(log, reader));
  }

  removePartition(key: PartitionKey): void {
    const reader = this.#readers.get(key);
    for (const hint of reader?.hints ?? []) hint[Symbol.dispose]();
    this.#readers.delete(key);
  }

  /** Hints may be lost: the next `read` reads every partition that is wanted. */
  invalidateAll(): void {
    for (const reader of this.#readers.values()) reader.stale = true;
  }

  /** Starts a read of each wanted partition that is not being read and may have new events. */
  read(wanted: readonly Wanted[]): void {
    for (const want of wanted) {
      const reader = this.#readers.get(want.partition);
      if (reader && !reader.reading && (reader.stale || reader.next !== want.from)) void this.#read(reader, want);
    }
  }

  close(): void {
    this.#aborter.abort();
    for (const key of this.#readers.keys()) this.removePartition(key);
  }

  #listen(log: LogId, reader: Reader): Disposable {
    return this.#log.onAppend(log, reader.partition, () => {
      reader.stale = true;
      this.#events.onDataAvailable();
    });
  }

  async #read(reader: Reader, want: Wanted): Promise<void> {
    const { partition, from } = want;
    reader.reading = true;
    reader.stale = false;
    try {
      const read = await this.#readRecords(reader, want);
      reader.reading = false;
      if (this.#readers.get(partition) !== reader) return;
      if (read.next > from) reader.stale = true;
      reader.next = read.next;
      this.#events.onRecords(partition, from, read);
    } catch (error) {
      reader.reading = false;
      if (!this.#aborter.signal.aborted) this.#events.onFailure(error);
    }
  }

  /** Reads along the axis: across timelines, without tombstones, with the events of other subscriptions set apart. */
  async #readRecords({ axis, partition }: Reader, { from, bytes, records: count }: Wanted): Promise<ReadRecords> {
    const { log, number, base, last } = axis.locate(from);
    const slice = await this.#log.read(log, partition, number, { bytes, records: count }, this.#aborter.signal);
    const records: StreamRecord[] = [];
    const hidden: number[] = [];
    for (const { offsets, records: stored, timestampMs } of slice.frames) {
      for (const [index, { value, consumerTag }] of stored.entries()) {
        const offset = offsets[index];
        if (value === null || offset === undefined) continue;
        if (consumerTag === undefined || consumerTag === this.#subscription)
          records.push({ ordinal: base + offset, timestampMs, value });
        else hidden.push(base + offset);
      }
    }
    // A closed timeline that is read to its end is followed by the beginning of the next one.
    const next = slice.next === number && Number.isFinite(last) ? last + 1 : slice.next;
    return { records, hidden, next: base + next };
  }
}
