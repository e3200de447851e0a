/**
 * The memory engine: several nodes share one, as they would share a Kafka and a PostgreSQL.
 */
import type { Clock } from "nakadi-protocol";
import type { NodeContext, StorageEngine } from "../open.ts";
import type { LogId, Storage } from "../ports.ts";
import { MemoryCoordination, StoredCoordination } from "./coordination.ts";
import { MemoryLog } from "./log.ts";
import type { StoredLog } from "./log.ts";
import { MemoryMetadata, StoredMetadata } from "./metadata.ts";
import { ClockReadings } from "../in-process/clock-readings.ts";
import { NodeScope } from "../in-process/node-scope.ts";

export class MemoryEngine implements StorageEngine {
  readonly name = "memory";
  readonly #clock: Clock;
  readonly #readings: ClockReadings;
  readonly #logs = new Map<LogId, StoredLog>();
  readonly #metadata = new StoredMetadata();
  readonly #coordination: StoredCoordination;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
    this.#readings = new ClockReadings(clock);
    this.#coordination = new StoredCoordination(clock);
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
      metadata: new MemoryMetadata(this.#metadata, scope),
      coordination: new MemoryCoordination(this.#coordination, nodeClock, scope),
      close: async () => scope.close(),
    };
  }
}
