/**
 * Several brokers over one engine in memory, with hints that are dropped, doubled and late, behind a proxy that gives each
 * connection, or each request, to the next of those that do not stand still.
 */
import http from "node:http";
import net from "node:net";
import { type Broker, type BrokerOptions, type Clock, startBroker, type StorageEngine } from "nakadi-broker";
import { systemClock } from "nakadi-protocol";
import { MemoryEngine } from "nakadi-storage";
import { oddHints, StoppableNode } from "nakadi-storage/compliance";
import { relayed } from "../support/relayed.ts";

export interface Node {
  readonly broker: Broker;
  /** How many connections or requests came to it. */
  turns: number;
  readonly isStopped: boolean;
  stop(): void;
  goOn(): void;
}

interface ClusterOptions {
  nodes: number;
  /** What goes to another node each time. */
  each: "connection" | "request";
  /** Of the fates of hints. */
  seed: number;
  /** Default: the machine's. */
  clock?: Clock;
  limits?: BrokerOptions["limits"];
}

export class Cluster implements AsyncDisposable {
  readonly url: string;
  readonly nodes: readonly Node[];
  readonly #server: net.Server;

  private constructor(nodes: readonly Node[], server: net.Server) {
    this.nodes = nodes;
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  }

  static async start({ nodes: count, each, seed, clock = systemClock, limits = {} }: ClusterOptions): Promise<Cluster> {
    const engine = new MemoryEngine({ clock });
    const starting = Array.from({ length: count }, async (_, index): Promise<Node> => {
      const stoppable = new StoppableNode(clock);
      const storage = stoppable.engine(withOddHints(engine, seed + index, clock));
      return new StartedNode(stoppable, await startBroker({ storage, limits, clock: stoppable.clock }));
    });
    // All at once: each creates the server's own event types where they are missing.
    const nodes = await Promise.all(starting);
    let turn = 0;
    const nextPort = (): number => {
      const running = nodes.filter((node) => !node.isStopped);
      const node = running[turn++ % running.length];
      if (node) node.turns += 1;
      return node?.broker.port ?? 0;
    };
    const server =
      each === "request"
        ? http.createServer((request, response) => relayed(request, response, nextPort()))
        : net.createServer({ allowHalfOpen: true, noDelay: true }, (inbound) => join(inbound, nextPort()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Cluster(nodes, server);
  }

  /** The nodes in turn. */
  nodeAt(turn: number): Node {
    const node = this.nodes[turn % this.nodes.length];
    if (!node) throw new Error("The cluster has no nodes.");
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) node.goOn();
    this.#server.close();
    if (this.#server instanceof http.Server) this.#server.closeAllConnections();
    await Promise.all(this.nodes.map(({ broker }) => broker.close()));
  }
}

class StartedNode implements Node {
  readonly broker: Broker;
  turns = 0;
  isStopped = false;
  readonly #stoppable: StoppableNode;

  constructor(stoppable: StoppableNode, broker: Broker) {
    this.#stoppable = stoppable;
    this.broker = broker;
  }

  stop(): void {
    this.isStopped = true;
    this.#stoppable.stop();
  }

  goOn(): void {
    this.isStopped = false;
    this.#stoppable.goOn();
  }
}

function join(inbound: net.Socket, port: number): void {
  const outbound = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  for (const [from, to] of [
    [inbound, outbound],
    [outbound, inbound],
  ] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy()).on("close", () => to.destroy());
  }
}

function withOddHints(engine: StorageEngine, seed: number, clock: Clock): StorageEngine {
  return { name: engine.name, open: async (context) => oddHints(await engine.open(context), { seed, clock }) };
}
