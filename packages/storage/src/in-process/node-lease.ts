/**
 * A node's side of its lease: renews it in time, and knows when it is lost.
 */
import type { Clock, Timer } from "nakadi-protocol";
import type { NodeLease } from "../ports.ts";
import type { Grant, Leases } from "./leases.ts";

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
