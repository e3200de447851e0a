/**
 * All logs, as they are on disk or about to be; shared by all nodes. What belongs to a log that was removed is deleted bit
 * by bit, also after a restart.
 */
import type { ClockReadings } from "../in-process/clock-readings.ts";
import { Hints } from "../in-process/hints.ts";
import type { LogId, LogPolicy } from "../ports.ts";
import type { Journal } from "./journal.ts";
import { jsonRow, readJson } from "./json-rows.ts";
import { LAST_LOG_KEY, frameKey, logKey, scopedKey, scopeEnd, scopePrefix } from "./keys.ts";
import { PartitionFrames } from "./partition-frames.ts";
import type { Placed } from "./partition-frames.ts";
import { RowCache } from "./row-cache.ts";
import type { Change, Store } from "./store.ts";

const CACHE_BYTES = 16 * 1024 * 1024;
const SWEEP_MS = 60_000;
const REMOVED_AT_ONCE = 1_000;

export interface StoredLog {
  readonly id: LogId;
  /** Never used again, so that a log that comes again finds nothing of the old one. */
  readonly number: number;
  readonly appended: Hints<number>;
  partitions: number;
  policy: LogPolicy;
  /** Resolves when the log is on disk as it is here. */
  durable: Promise<void>;
}

/** A row of `logs`. */
export interface LogRow {
  id: LogId;
  number: number;
  partitions: number;
  policy: LogPolicy;
}

const SCOPE = "log";
const MAX_NUMBER = 2 ** 32 - 1;

export class StoredLogs {
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #readings: ClockReadings;
  readonly #cache = new RowCache(CACHE_BYTES);
  readonly #logs = new Map<LogId, StoredLog>();
  /** Of all logs that were looked at, by their number. */
  readonly #partitions = new Map<number, Map<number, PartitionFrames>>();
  readonly #sweep: NodeJS.Timeout;
  #lastNumber: number;
  #closed = false;
  #lastRemoval: Promise<void> = Promise.resolve();

  constructor(store: Store, journal: Journal, readings: ClockReadings) {
    this.#store = store;
    this.#journal = journal;
    this.#readings = readings;
    const counter = store.get("counters", LAST_LOG_KEY);
    this.#lastNumber = counter ? (readJson("counters", LAST_LOG_KEY, counter) as number) : 0;
    for (const { key, value } of store.rows("logs", scopePrefix(SCOPE), scopeEnd(SCOPE))) {
      const row = readJson("logs", key, value) as LogRow;
      this.#logs.set(row.id, { ...row, appended: new Hints(), durable: Promise.resolve() });
    }
    for (const { key } of store.rows("removed", logKey(0), logKey(MAX_NUMBER))) this.#delete(key.readUInt32BE(0));
    // Not by the clock of the engine: this only gives space back, what is too old is seen as gone before.
    this.#sweep = setInterval(() => this.#dropEverywhere(), SWEEP_MS);
    this.#sweep.unref();
  }

  find(log: LogId): StoredLog | undefined {
    return this.#logs.get(log);
  }

  async create(id: LogId, partitions: number, policy: LogPolicy): Promise<void> {
    const number = (this.#lastNumber += 1);
    const stored: StoredLog = {
      id,
      number,
      partitions,
      policy: { ...policy },
      appended: new Hints(),
      durable: Promise.resolve(),
    };
    this.#logs.set(id, stored);
    await this.#save(stored, [jsonRow("counters", LAST_LOG_KEY, number)]);
  }

  async update(stored: StoredLog, to: Partial<Pick<StoredLog, "partitions" | "policy">>): Promise<void> {
    Object.assign(stored, to);
    await this.#save(stored);
  }

  async remove(id: LogId): Promise<void> {
    const stored = this.#logs.get(id);
    if (!stored) return this.#lastRemoval;
    this.#logs.delete(id);
    const removed = jsonRow("removed", logKey(stored.number), id);
    this.#lastRemoval = this.#journal.write([{ table: "logs", key: scopedKey(SCOPE, id), value: null }, removed]);
    await this.#lastRemoval;
    this.#partitions.delete(stored.number);
    this.#delete(stored.number);
  }

  /** The partition, which must be one of the log's. @throws {DamagedDataError} */
  partition({ number }: StoredLog, partition: number): PartitionFrames {
    let ofLog = this.#partitions.get(number);
    if (!ofLog) this.#partitions.set(number, (ofLog = new Map()));
    let found = ofLog.get(partition);
    if (!found) ofLog.set(partition, (found = new PartitionFrames(this.#store, this.#cache, number, partition)));
    return found;
  }

  /** The partition without what its retention has taken. @throws {DamagedDataError} */
  current(stored: StoredLog, partition: number): PartitionFrames {
    const found = this.partition(stored, partition);
    const { retentionMs } = stored.policy;
    if (retentionMs === null) return found;
    const { changes, more } = found.dropBefore(this.#readings.given(retentionMs));
    if (changes.length > 0) {
      this.#inBackground(async () => {
        await this.#journal.write(changes);
        if (more && !this.#closed && this.#logs.get(stored.id) === stored) this.current(stored, partition);
      });
    }
    return found;
  }

  /** An append is durable now. */
  settle(stored: StoredLog, partition: number, placed: Placed): void {
    const frames = this.partition(stored, partition);
    const run = frames.settle(placed);
    if (!run || this.#closed || this.#logs.get(stored.id) !== stored) return;
    this.#inBackground(async () => {
      const merge = frames.merge(run);
      if (!merge) return;
      await this.#journal.write(merge.changes);
      merge.done();
    });
  }

  /** Durable when it resolves. @throws {StorageFailedError} */
  write(changes: readonly Change[]): Promise<void> {
    return this.#journal.write(changes);
  }

  /** The timestamp of a record that is stored now. */
  timestampMs(): number {
    return this.#readings.timestampMs();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#sweep);
  }

  async #save(stored: StoredLog, more: readonly Change[] = []): Promise<void> {
    const { id, number, partitions, policy } = stored;
    const row = jsonRow("logs", scopedKey(SCOPE, id), { id, number, partitions, policy } satisfies LogRow);
    stored.durable = this.#journal.write([row, ...more]);
    await stored.durable;
  }

  #dropEverywhere(): void {
    for (const stored of this.#logs.values()) {
      this.#inBackground(async () => {
        for (let partition = 0; partition < stored.partitions; partition++) this.current(stored, partition);
      });
    }
  }

  /** Deletes what is left of a log that was removed. */
  #delete(number: number): void {
    this.#inBackground(async () => {
      for (const [table, from, to] of [
        ["frames", frameKey(number, 0, 0), frameKey(number + 1, 0, 0)],
        ["bases", logKey(number), logKey(number + 1)],
      ] as const) {
        for (let full = true; full && !this.#closed;) {
          const keys = [...this.#store.keys(table, from, to, REMOVED_AT_ONCE)];
          await this.#journal.write(keys.map((key) => ({ table, key, value: null })));
          full = keys.length === REMOVED_AT_ONCE;
        }
      }
      if (!this.#closed) await this.#journal.write([{ table: "removed", key: logKey(number), value: null }]);
    });
  }

  /** What nobody waits for. If it fails, the journal says so to everybody, or the next reader meets the same damage. */
  #inBackground(work: () => Promise<void>): void {
    work().catch(() => undefined);
  }
}
