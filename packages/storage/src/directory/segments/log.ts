/**
 * The log port on a directory. Offsets are given in memory, in the order of the calls; an append resolves when it is
 * durable.
 */
import { checkBatches, checkPartition, checkPartitions } from "../../in-process/log-checks.ts";
import type { NodeScope } from "../../in-process/node-scope.ts";
import { NoSuchLogError } from "../../ports.ts";
import { StorageFailedError } from "../../storage-errors.ts";
import type { Appended, Bounds, LogId, LogPolicy, LogPort, NewRecord, NotAppended, Slice } from "../../ports.ts";
import type { StoredLog } from "./catalogue.ts";
import type { Partition } from "./partition.ts";
import { idOf } from "./partition-rows.ts";
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
    const { partitions } = this.#logs;
    checkBatches(log, stored.partitions, batches);
    const into = new Map<number, Partition>();
    try {
      for (const partition of batches.keys()) into.set(partition, await partitions.take(stored.number, partition));
      return await this.#appendInto(into, stored, batches, signal);
    } finally {
      for (const partition of into.values()) partitions.release(partition);
    }
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
    return this.#node.hold(stored ? this.#logs.appends.listen(idOf(stored.number, partition), hint) : NOTHING);
  }

  async #appendInto(
    into: ReadonlyMap<number, Partition>,
    stored: StoredLog,
    batches: ReadonlyMap<number, readonly NewRecord[]>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, Appended | NotAppended>> {
    const { partitions, catalogue, running, appends } = this.#logs;
    const { journal, appended, readings } = running;
    await partitions.room(journal);
    if (catalogue.find(stored.id)?.number !== stored.number) throw new NoSuchLogError(stored.id);
    if (signal.aborted) return everywhere(batches, { outcome: "not-stored", cause: signal.reason as unknown });
    const timestampMs = readings.timestampMs();
    const outcomes = new Map<number, Appended>();
    try {
      let end = 0;
      for (const [partition, to] of into) {
        const placed = partitions.append(to, batches.get(partition) ?? [], timestampMs, journal);
        ({ end } = placed);
        outcomes.set(partition, { outcome: "stored", first: placed.first, last: placed.last, timestampMs });
      }
      appended();
      await journal.whenDurable(end);
    } catch (cause) {
      const begun = !(cause instanceof StorageFailedError) || cause.begun;
      return everywhere(batches, { outcome: begun ? "unknown" : "not-stored", cause });
    }
    for (const [partition, { last }] of outcomes) {
      into.get(partition)?.settle(last);
      appends.send(idOf(stored.number, partition));
    }
    return outcomes;
  }

  async #current<T>(log: LogId, partition: number, look: (at: Partition) => T | Promise<T>): Promise<T> {
    const stored = this.#find(log);
    checkPartition(log, stored.partitions, partition);
    return this.#logs.current(stored, partition, look);
  }

  #find(log: LogId): StoredLog {
    this.#node.check();
    const stored = this.#logs.catalogue.find(log);
    if (!stored) throw new NoSuchLogError(log);
    return stored;
  }
}

function everywhere<Outcome>(batches: ReadonlyMap<number, unknown>, outcome: Outcome): ReadonlyMap<number, Outcome> {
  return new Map(Array.from(batches.keys(), (partition) => [partition, outcome]));
}
