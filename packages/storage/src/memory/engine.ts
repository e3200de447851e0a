/**
 * The memory engine: several nodes share one, as they would share a Kafka and a PostgreSQL.
 */
import type { Clock } from "nakadi-protocol";
import { checkEngineOptions } from "../engine-options.ts";
import { ClockReadings } from "../in-process/clock-readings.ts";
import { InProcessCoordination } from "../in-process/coordination.ts";
import { InProcessMetadata, StoredMetadata } from "../in-process/metadata.ts";
import { NewestRecords } from "../in-process/newest-records.ts";
import { NodeScope } from "../in-process/node-scope.ts";
import { Rows } from "../in-process/rows.ts";
import { StoredCoordination } from "../in-process/stored-coordination.ts";
import type { NodeContext, StorageEngine } from "../storage-engine.ts";
import type { LogId, Storage } from "../ports.ts";
import { MemoryLog } from "./log.ts";
import type { StoredLog } from "./log.ts";

export class MemoryEngine implements StorageEngine {
  readonly name = "memory";
  readonly #clock: Clock;
  readonly #readings: ClockReadings;
  readonly #logs = new Map<LogId, StoredLog>();
  readonly #metadata: StoredMetadata;
  readonly #coordination: StoredCoordination;

  /** @param options.rows of another engine, for its tests. @throws {TypeError} for an option that is not known */
  constructor(options: { clock: Clock; rows?: Rows }) {
    checkEngineOptions(options, ["clock", "rows"]);
    const { clock, rows = new Rows() } = options;
    this.#clock = clock;
    this.#readings = new ClockReadings(clock);
    this.#metadata = new StoredMetadata(rows);
    this.#coordination = new StoredCoordination(rows, clock);
  }

  /** Compacts at once what is there, however little. */
  async compact(): Promise<void> {
    for (const { partitions, policy } of this.#logs.values())
      if (policy.compact) for (const each of partitions) each.compact(new NewestRecords(this.#readings));
  }

  async open({ node, clock }: NodeContext): Promise<Storage> {
    return this.node(node, clock);
  }

  /**
   * What one node sees. `name` is for messages. `nodeClock` is the node's own, which renews its leases: while it stands
   * still, the node is as good as frozen.
   */
  node(name: string, nodeClock: Clock = this.#clock): Storage {
    const scope = new NodeScope(name);
    return {
      log: new MemoryLog(this.#logs, this.#readings, scope),
      metadata: new InProcessMetadata(this.#metadata, scope),
      coordination: new InProcessCoordination(this.#coordination, nodeClock, scope),
      close: async () => scope.close(),
    };
  }
}
