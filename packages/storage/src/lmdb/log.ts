/**
 * The log port on LMDB. Offsets are given in memory, in the order of the calls; an append is told of when it is durable.
 */
import { Hints } from "../in-process/hints.ts";
import { checkPartitions } from "../in-process/log-size.ts";
import type { NodeScope } from "../in-process/node-scope.ts";
import { NoSuchLogError, StorageFailedError } from "../ports.ts";
import type { Appended, Bounds, LogId, LogPolicy, LogPort, NewRecord, NotAppended, Slice } from "../ports.ts";
import type { Placed } from "./partition-frames.ts";
import type { StoredLog, StoredLogs } from "./stored-logs.ts";

export class LmdbLog implements LogPort {
  readonly #logs: StoredLogs;
  readonly #node: NodeScope;

  constructor(logs: StoredLogs, node: NodeScope) {
    this.#logs = logs;
    this.#node = node;
  }

  async create(log: LogId, partitions: number, policy: LogPolicy): Promise<void> {
    this.#node.check();
    checkPartitions(partitions);
    const stored = this.#logs.find(log);
    await (stored ? stored.durable : this.#logs.create(log, partitions, policy));
  }

  async grow(log: LogId, partitions: number): Promise<void> {
    checkPartitions(partitions);
    const stored = this.#find(log);
    if (partitions <= stored.partitions) return stored.durable;
    await this.#logs.update(stored, { partitions });
  }

  async remove(log: LogId): Promise<void> {
    this.#node.check();
    await this.#logs.remove(log);
  }

  async configure(log: LogId, policy: LogPolicy): Promise<void> {
    await this.#logs.update(this.#find(log), { policy: { ...policy } });
  }

  async append(
    log: LogId,
    batches: ReadonlyMap<number, readonly NewRecord[]>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, Appended | NotAppended>> {
    const stored = this.#find(log);
    for (const [partition, records] of batches) {
      checkPartition(stored, partition);
      if (records.length === 0) throw new RangeError(`The batch for partition ${partition} is empty.`);
      // Read before any of them gets offsets: what cannot be read takes none.
      this.#logs.partition(stored, partition);
    }
    if (signal.aborted) return everywhere(batches, { outcome: "not-stored", cause: signal.reason as unknown });
    const timestampMs = this.#logs.timestampMs();
    const placed = new Map<number, Placed>();
    for (const [partition, records] of batches) {
      placed.set(partition, this.#logs.partition(stored, partition).place(records, timestampMs));
    }
    try {
      await this.#logs.write([...placed.values()].map(({ change }) => change));
    } catch (cause) {
      const begun = !(cause instanceof StorageFailedError) || cause.begun;
      return everywhere(batches, { outcome: begun ? "unknown" : "not-stored", cause });
    }
    const outcomes = new Map<number, Appended>();
    for (const [partition, each] of placed) {
      this.#logs.settle(stored, partition, each);
      stored.appended.send(partition);
      const { first, records } = each.frame;
      outcomes.set(partition, { outcome: "stored", first, last: first + records.length - 1, timestampMs });
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
    const stored = this.#find(log);
    checkPartition(stored, partition);
    return this.#logs.current(stored, partition).read(from, max);
  }

  async bounds(log: LogId): Promise<readonly Bounds[]> {
    const stored = this.#find(log);
    return Array.from({ length: stored.partitions }, (_, partition) => this.#logs.current(stored, partition).bounds);
  }

  async offsetAt(log: LogId, partition: number, timestampMs: number): Promise<number> {
    const stored = this.#find(log);
    checkPartition(stored, partition);
    return this.#logs.current(stored, partition).offsetAt(timestampMs);
  }

  onAppend(log: LogId, partition: number, hint: () => void): Disposable {
    this.#node.check();
    return this.#node.hold((this.#logs.find(log)?.appended ?? new Hints<number>()).listen(partition, hint));
  }

  #find(log: LogId): StoredLog {
    this.#node.check();
    const stored = this.#logs.find(log);
    if (!stored) throw new NoSuchLogError(log);
    return stored;
  }
}

function everywhere<Outcome>(batches: ReadonlyMap<number, unknown>, outcome: Outcome): ReadonlyMap<number, Outcome> {
  return new Map(Array.from(batches.keys(), (partition) => [partition, outcome]));
}

function checkPartition({ id, partitions }: StoredLog, partition: number): void {
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    throw new RangeError(`Log ${id} has no partition ${partition}.`);
}
