/**
 * The log port on a directory. Offsets are given in memory, in the order of the calls; an append resolves when it is
 * durable.
 */
import { checkPartitions } from "../../in-process/log-size.ts";
import type { NodeScope } from "../../in-process/node-scope.ts";
import { NoSuchLogError } from "../../ports.ts";
import type { Appended, Bounds, LogId, LogPolicy, LogPort, NewRecord, NotAppended, Slice } from "../../ports.ts";
import type { StoredLog } from "./catalogue.ts";
import type { Partition } from "./partition.ts";
import type { StoredLogs } from "./stored-logs.ts";

const NOTHING: Disposable = { [Symbol.dispose]: () => undefined };

export class DirectoryLog implements LogPort {
  readonly #logs: StoredLogs;
  readonly #node: NodeScope;

  constructor(logs: StoredLogs, node: NodeScope) {
    this.#logs = logs;
    this.#node = node;
  }

  async create(log: LogId, partitions: number, policy: LogPolicy): Promise<void> {
    this.#node.check();
    checkPartitions(partitions);
    await this.#logs.create(log, partitions, policy);
  }

  async grow(log: LogId, partitions: number): Promise<void> {
    checkPartitions(partitions);
    const stored = this.#find(log);
    await (partitions <= stored.partitions
      ? this.#logs.catalogue.durable(log)
      : this.#logs.catalogue.update(stored, { partitions }));
  }

  async remove(log: LogId): Promise<void> {
    this.#node.check();
    await this.#logs.remove(log);
  }

  async configure(log: LogId, policy: LogPolicy): Promise<void> {
    await this.#logs.catalogue.update(this.#find(log), { policy: { ...policy } });
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
    }
    return this.#logs.append(stored, batches, signal);
  }

  async read(
    log: LogId,
    partition: number,
    from: number,
    max: { bytes: number; records: number },
    signal: AbortSignal,
  ): Promise<Slice> {
    signal.throwIfAborted();
    return this.#current(log, partition, (at) => at.read(from, max));
  }

  async bounds(log: LogId): Promise<readonly Bounds[]> {
    const stored = this.#find(log);
    const all = Array.from({ length: stored.partitions }, (_, partition) =>
      this.#logs.current(stored, partition, ({ bounds }) => bounds),
    );
    return Promise.all(all);
  }

  async offsetAt(log: LogId, partition: number, timestampMs: number): Promise<number> {
    return this.#current(log, partition, (at) => at.offsetAt(timestampMs));
  }

  onAppend(log: LogId, partition: number, hint: () => void): Disposable {
    this.#node.check();
    const stored = this.#logs.catalogue.find(log);
    return this.#node.hold(stored ? this.#logs.onAppend(stored, partition, hint) : NOTHING);
  }

  async #current<T>(log: LogId, partition: number, look: (at: Partition) => T | Promise<T>): Promise<T> {
    const stored = this.#find(log);
    checkPartition(stored, partition);
    return this.#logs.current(stored, partition, look);
  }

  #find(log: LogId): StoredLog {
    this.#node.check();
    const stored = this.#logs.catalogue.find(log);
    if (!stored) throw new NoSuchLogError(log);
    return stored;
  }
}

function checkPartition({ id, partitions }: StoredLog, partition: number): void {
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    throw new RangeError(`Log ${id} has no partition ${partition}.`);
}
