/**
 * The log port in memory: nothing is copied. Retention is applied when a partition is next looked at, compaction when half of it
 * is new.
 */
import { NoSuchLogError } from "../ports.ts";
import type { Appended, Bounds, LogId, LogPolicy, LogPort, NewRecord, NotAppended, Slice } from "../ports.ts";
import type { ClockReadings } from "../in-process/clock-readings.ts";
import { Hints } from "../in-process/hints.ts";
import { checkBatches, checkPartition, checkPartitions } from "../in-process/log-checks.ts";
import { NewestRecords } from "../in-process/newest-records.ts";
import type { NodeScope } from "../in-process/node-scope.ts";
import { PartitionLog } from "./partition-log.ts";

/** What all nodes share of one log. */
export interface StoredLog {
  partitions: PartitionLog[];
  policy: LogPolicy;
  appended: Hints<number>;
}

export class MemoryLog implements LogPort {
  readonly #logs: Map<LogId, StoredLog>;
  readonly #readings: ClockReadings;
  readonly #node: NodeScope;

  constructor(logs: Map<LogId, StoredLog>, readings: ClockReadings, node: NodeScope) {
    this.#logs = logs;
    this.#readings = readings;
    this.#node = node;
  }

  async create(log: LogId, partitions: number, policy: LogPolicy): Promise<void> {
    this.#node.check();
    checkPartitions(partitions);
    if (this.#logs.has(log)) return;
    const stored: StoredLog = { partitions: [], policy: { ...policy }, appended: new Hints() };
    growTo(stored, partitions);
    this.#logs.set(log, stored);
  }

  async grow(log: LogId, partitions: number): Promise<void> {
    checkPartitions(partitions);
    growTo(this.#find(log), partitions);
  }

  async remove(log: LogId): Promise<void> {
    this.#node.check();
    this.#logs.delete(log);
  }

  async configure(log: LogId, policy: LogPolicy): Promise<void> {
    this.#find(log).policy = { ...policy };
  }

  async append(
    log: LogId,
    batches: ReadonlyMap<number, readonly NewRecord[]>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, Appended | NotAppended>> {
    const stored = this.#find(log);
    checkBatches(log, stored.partitions.length, batches);
    const outcomes = new Map<number, Appended | NotAppended>();
    const timestampMs = this.#readings.timestampMs();
    for (const [partition, records] of batches) {
      if (signal.aborted) {
        outcomes.set(partition, { outcome: "not-stored", cause: signal.reason });
        continue;
      }
      const to = this.#current(log, stored, partition);
      const { first } = to.append(records, timestampMs);
      if (stored.policy.compact && to.isDirty) to.compact(new NewestRecords(this.#readings));
      outcomes.set(partition, {
        outcome: "stored",
        first,
        last: first + records.length - 1,
        timestampMs,
      });
      stored.appended.send(partition);
    }
    return outcomes;
  }

  async read(
    log: LogId,
    partition: number,
    from: number,
    max: { bytes: number; records: number },
    signal: AbortSignal,
  ): Promise<Slice> {
    signal.throwIfAborted();
    return this.#current(log, this.#find(log), partition).read(from, max);
  }

  async bounds(log: LogId): Promise<readonly Bounds[]> {
    const stored = this.#find(log);
    return stored.partitions.map((_, partition) => this.#current(log, stored, partition).bounds);
  }

  async offsetAt(log: LogId, partition: number, timestampMs: number): Promise<number> {
    return this.#current(log, this.#find(log), partition).offsetAt(timestampMs);
  }

  onAppend(log: LogId, partition: number, hint: () => void): Disposable {
    this.#node.check();
    return this.#node.hold(this.#logs.get(log)?.appended.listen(partition, hint) ?? NOTHING);
  }

  #find(log: LogId): StoredLog {
    this.#node.check();
    const stored = this.#logs.get(log);
    if (!stored) throw new NoSuchLogError(log);
    return stored;
  }

  /** The partition without what its retention has taken. */
  #current(log: LogId, stored: StoredLog, partition: number): PartitionLog {
    checkPartition(log, stored.partitions.length, partition);
    const found = stored.partitions[partition];
    if (!found) throw new TypeError(`Partition ${partition} of log ${log} is missing.`);
    const { retentionMs, retentionBytes } = stored.policy;
    if (retentionMs !== null) found.dropBefore(this.#readings.given(retentionMs));
    if (retentionBytes !== undefined) found.keepNewest(retentionBytes);
    return found;
  }
}

const NOTHING: Disposable = { [Symbol.dispose]: () => undefined };

function growTo(stored: StoredLog, partitions: number): void {
  while (stored.partitions.length < partitions) stored.partitions.push(new PartitionLog());
}
