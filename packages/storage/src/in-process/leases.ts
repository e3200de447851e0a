/**
 * The leases of all nodes, by the engine's clock; and a node's side of its own, which it renews in time and knows when it is
 * lost.
 */
import type { Clock, Timer } from "nakadi-protocol";
import type { NodeLease } from "../ports.ts";

/** One stay of one node; never granted again once it has ended. */
export interface Grant {
  readonly node: string;
  readonly ttlMs: number;
  untilMs: number;
}

export class Leases {
  readonly #clock: Clock;
  readonly #held = new Map<string, Grant>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether `node` is alive. */
  isHeld(node: string): boolean {
    return this.#held.has(node) && this.#untilOf(node) > this.#clock.monotonicMs();
  }

  /** The nodes that are alive. */
  living(): ReadonlySet<string> {
    return new Set([...this.#held.keys()].filter((node) => this.isHeld(node)));
  }

  /** @throws {RangeError} where `node` holds one, or for a `ttlMs` that is not more than 0 */
  grant(node: string, ttlMs: number): Grant {
    if (!(ttlMs > 0 && ttlMs < Infinity)) throw new RangeError(`A lease cannot last ${ttlMs} ms.`);
    if (this.isHeld(node)) throw new RangeError(`Node ${node} holds a lease.`);
    for (const other of this.#held.keys()) if (!this.isHeld(other)) this.#held.delete(other);
    const grant = { node, ttlMs, untilMs: this.#clock.monotonicMs() + ttlMs };
    this.#held.set(node, grant);
    return grant;
  }

  /** Says whether it was still held. */
  renew(grant: Grant): boolean {
    if (this.#held.get(grant.node) !== grant || !this.isHeld(grant.node)) return false;
    grant.untilMs = this.#clock.monotonicMs() + grant.ttlMs;
    return true;
  }

  end(grant: Grant): void {
    if (this.#held.get(grant.node) === grant) this.#held.delete(grant.node);
  }

  #untilOf(node: string): number {
    return this.#held.get(node)?.untilMs ?? -Infinity;
  }
}

/** Two renewals may come too late before a lease is lost. */
const RENEWALS_PER_TTL = 3;

export class InProcessLease implements NodeLease, Disposable {
  readonly #leases: Leases;
  readonly #grant: Grant;
  /** The node's own clock: a node that stands still does not renew. */
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  #safeUntilMs: number;
  #timer: Timer;

  constructor(leases: Leases, node: string, ttlMs: number, clock: Clock) {
    this.#leases = leases;
    this.#clock = clock;
    this.#safeUntilMs = clock.monotonicMs() + ttlMs;
    this.#grant = leases.grant(node, ttlMs);
    this.#timer = this.#nextRenewal();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  safeUntil(): number {
    return this.#safeUntilMs;
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
    this.#leases.end(this.#grant);
    this.#safeUntilMs = -Infinity;
    this.#lost.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }

  #nextRenewal(): Timer {
    return this.#clock.schedule(this.#grant.ttlMs / RENEWALS_PER_TTL, () => this.#renew());
  }

  #renew(): void {
    const askedAtMs = this.#clock.monotonicMs();
    if (!this.#leases.renew(this.#grant)) return this[Symbol.dispose]();
    this.#safeUntilMs = askedAtMs + this.#grant.ttlMs;
    this.#timer = this.#nextRenewal();
  }
}
