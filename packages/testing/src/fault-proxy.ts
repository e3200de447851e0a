/**
 * A TCP proxy that breaks connections on purpose: slow, late, cut after a number of bytes, cut inside a line, half-open,
 * stalled, refused, reset. Each fault counts the connections and the open streams that it hit, so that a test can prove
 * that it tested something.
 */
import net from "node:net";
import { ConfigError } from "nakadi-client";
import { type Clock, systemClock, unknownOption } from "nakadi-protocol";
import { type FaultKind, ProxiedConnection, type Conditions } from "./proxied-connection.ts";

export interface FaultHits {
  /** Connections that were there when the fault took effect. */
  connections: number;
  /** Those among them whose answer was a Nakadi stream. */
  streams: number;
}

export interface FaultProxyOptions {
  /** Default: the machine's clock. */
  clock?: Clock;
  /** 0 up to 1; jitter and the place of a cut come from it. Default `Math.random`. */
  random?: () => number;
}

const FINE: Conditions = { delayMs: 0, jitterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };

export class FaultProxy implements AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly #server: net.Server;
  readonly #connections: Set<ProxiedConnection>;
  readonly #state: ProxyState;
  readonly #hits = new Map<FaultKind, FaultHits>();

  private constructor(server: net.Server, connections: Set<ProxiedConnection>, state: ProxyState, port: number) {
    this.#server = server;
    this.#connections = connections;
    this.#state = state;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    state.onFault = (kind, connection) => this.#count(kind, [connection]);
  }

  /**
   * Listens on a free port of 127.0.0.1 and forwards to `target`, e.g. `http://127.0.0.1:8080`.
   * @throws {ConfigError}
   */
  static async start(target: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    demandKnown("options", options, ["clock", "random"]);
    const { clock = systemClock, random = Math.random } = options;
    if (!URL.canParse(target) || new URL(target).protocol !== "http:")
      throw new ConfigError("target", "an address that begins with http://");
    const { hostname, port } = new URL(target);
    const connections = new Set<ProxiedConnection>();
    const state: ProxyState = { conditions: { ...FINE }, refusing: false, onFault: () => undefined };
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (inbound) => {
      if (state.refusing) {
        inbound.resetAndDestroy();
        state.onFault("refuse", undefined);
        return;
      }
      const outbound = net.connect({ host: hostname, port: Number(port || 80), allowHalfOpen: true });
      const connection = new ProxiedConnection(inbound, outbound, {
        clock,
        random,
        conditions: () => state.conditions,
        onFault: (kind) => state.onFault(kind, connection),
        closed: () => connections.delete(connection),
      });
      connections.add(connection);
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return new FaultProxy(server, connections, state, typeof address === "object" && address ? address.port : 0);
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Open connections whose answer is a Nakadi stream. */
  get openStreams(): number {
    return [...this.#connections].filter(({ streaming }) => streaming).length;
  }

  hits(kind: FaultKind): Readonly<FaultHits> {
    return this.#hits.get(kind) ?? { connections: 0, streams: 0 };
  }

  /** From now on each chunk is late, by `delayMs` and up to `jitterMs` more, both 0 or more. @throws {ConfigError} */
  delay(delayMs: number, options: { jitterMs?: number } = {}): void {
    demandKnown("options", options, ["jitterMs"]);
    const { jitterMs = 0 } = options;
    demandNumber("delayMs", delayMs, delayMs >= 0, "0 or more");
    demandNumber("options.jitterMs", jitterMs, jitterMs >= 0, "0 or more");
    this.#state.conditions = { ...this.#state.conditions, delayMs, jitterMs };
    this.#count("delay", this.#connections);
  }

  /** From now on answers come at `bytesPerSecond`, which is more than 0. @throws {ConfigError} */
  limitBandwidth(bytesPerSecond: number): void {
    demandNumber("bytesPerSecond", bytesPerSecond, bytesPerSecond > 0, "more than 0");
    this.#state.conditions = { ...this.#state.conditions, bytesPerSecond };
    this.#count("bandwidth", this.#connections);
  }

  /** Ends all connections at once, as if both sides had hung up. */
  cut(): void {
    this.#count("cut", this.#connections);
    for (const connection of this.#connections) connection.cut();
  }

  /** Cuts each open connection when `bytes`, 0 or more, have come from the server. @throws {ConfigError} */
  cutAfter(bytes: number): void {
    demandNumber("bytes", bytes, bytes >= 0, "0 or more");
    for (const connection of this.#connections) connection.cutAfter(bytes);
  }

  /** Cuts each open stream in the middle of its next line. */
  cutInsideLine(): void {
    for (const connection of this.#connections) connection.cutInsideLine();
  }

  /** Nothing goes through any more, and the connections stay open. */
  halfOpen(): void {
    this.#count("halfOpen", this.#connections);
    for (const connection of this.#connections) connection.halfOpen();
  }

  /** Nothing goes through until `resume`. */
  stall(): void {
    this.#count("stall", this.#connections);
    for (const connection of this.#connections) connection.stall();
  }

  resume(): void {
    for (const connection of this.#connections) connection.resume();
  }

  /** Ends all connections with a TCP reset. */
  reset(): void {
    this.#count("reset", this.#connections);
    for (const connection of this.#connections) connection.reset();
  }

  /** New connections are reset at once, until `accept`. */
  refuse(): void {
    this.#state.refusing = true;
  }

  accept(): void {
    this.#state.refusing = false;
  }

  /** Ends what lasts: delay, bandwidth, stall and refusal. What is cut stays cut. */
  heal(): void {
    this.#state.conditions = { ...FINE };
    this.accept();
    this.resume();
  }

  /** Ends all connections and stops listening. Idempotent. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #count(kind: FaultKind, hit: Iterable<ProxiedConnection | undefined>): void {
    const { connections, streams } = this.hits(kind);
    const all = [...hit];
    this.#hits.set(kind, {
      connections: connections + all.length,
      streams: streams + all.filter((one) => one?.streaming).length,
    });
  }
}

function demandKnown(path: string, options: unknown, names: readonly string[]): void {
  const fault = unknownOption(path, options, names);
  if (fault) throw new ConfigError(fault.path, fault.allowed);
}

function demandNumber(path: string, value: unknown, isAllowed: boolean, bounds: string): void {
  if (typeof value !== "number" || !isAllowed) throw new ConfigError(path, `a number, ${bounds}, not ${String(value)}`);
}

interface ProxyState {
  conditions: Conditions;
  refusing: boolean;
  onFault: (kind: FaultKind, connection: ProxiedConnection | undefined) => void;
}
