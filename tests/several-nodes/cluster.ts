/**
 * Three brokers over one engine in memory, behind a proxy that gives each connection to the next of them, with hints that are
 * dropped, doubled and late; and a fourth one that stands still from its first moment on, until its lease has ended.
 */
import net from "node:net";
import { systemClock } from "nakadi-protocol";
import { type Broker, type BrokerOptions, startBroker, type StorageEngine } from "nakadi-broker";
import { MemoryEngine } from "nakadi-storage";
import { oddHints, StoppableNode } from "nakadi-storage/compliance";

const NODES = 3;

export class Cluster implements AsyncDisposable {
  readonly url: string;
  readonly #server: net.Server;
  readonly #brokers: readonly Broker[];
  readonly #stopped: StoppableNode;
  readonly #stoppedBroker: Broker;
  readonly #connections: readonly number[];

  private constructor(parts: {
    server: net.Server;
    brokers: readonly Broker[];
    stopped: StoppableNode;
    stoppedBroker: Broker;
    connections: readonly number[];
  }) {
    this.#server = parts.server;
    this.#brokers = parts.brokers;
    this.#stopped = parts.stopped;
    this.#stoppedBroker = parts.stoppedBroker;
    this.#connections = parts.connections;
    this.url = `http://127.0.0.1:${(parts.server.address() as net.AddressInfo).port}`;
  }

  /** @param seed of the fates of hints */
  static async start(seed: number): Promise<Cluster> {
    const engine = new MemoryEngine({ clock: systemClock });
    // Streams look often by themselves: the recordings do not wait for a lost hint as long as users may.
    const options: BrokerOptions = { limits: { streamPollMs: 100 } };
    // All at once: each creates the server's own event types where they are missing.
    const brokers = await Promise.all(
      Array.from({ length: NODES }, async (_, node) =>
        startBroker({ ...options, storage: withOddHints(engine, seed + node) }),
      ),
    );
    const stopped = new StoppableNode(systemClock);
    const stoppedBroker = await startBroker({ ...options, storage: stopped.engine(engine), clock: stopped.clock });
    stopped.stop();
    const connections = Array.from({ length: NODES }, () => 0);
    let next = 0;
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (inbound) => {
      const node = next++ % NODES;
      connections[node] = (connections[node] ?? 0) + 1;
      const outbound = net.connect({
        port: brokers[node]?.port ?? 0,
        host: "127.0.0.1",
        allowHalfOpen: true,
        noDelay: true,
      });
      for (const [from, to] of [
        [inbound, outbound],
        [outbound, inbound],
      ] as const) {
        from.pipe(to);
        from.on("error", () => to.destroy()).on("close", () => to.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Cluster({ server, brokers, stopped, stoppedBroker, connections });
  }

  /** How many connections each node got. */
  get connections(): readonly number[] {
    return this.#connections;
  }

  /** The node that stands still goes on. @returns its address */
  goOn(): string {
    this.#stopped.goOn();
    return this.#stoppedBroker.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.goOn();
    this.#server.close();
    for (const broker of [...this.#brokers, this.#stoppedBroker]) await broker.close();
  }
}

function withOddHints(engine: StorageEngine, seed: number): StorageEngine {
  return {
    name: engine.name,
    open: async (context) => oddHints(await engine.open(context), { seed, clock: systemClock }),
  };
}
