/**
 * This node among those that share the storage. It holds a lease; when it has lost it, as after the process stood still
 * for too long, it takes a new one under a new name, again and again until it gets one. The sessions of the lost lease
 * are gone then. Nothing is delivered or begun unless a lease is safe at that instant: another node may have taken over.
 */
import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "nakadi-protocol";
import type { CoordinationPort, NodeLease } from "nakadi-storage";
import { ProblemError } from "./problems.ts";

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/** One lease of this node. What begins under it ends with it. */
export interface Stay {
  /** The name that sessions of this node carry. */
  readonly name: string;
  /** Whether something may be delivered or begun at this instant; never again once the lease is lost. */
  isSafe(): boolean;
  /** @throws {ProblemError} 503 unless it is safe */
  demandSafe(): void;
}

export interface MembershipParts {
  coordination: CoordinationPort;
  clock: Clock;
  /** A node that the storage has not heard of for so long has lost its sessions. */
  leaseMs: number;
  /** Called each time the lease is lost: what runs under the old name must end. */
  lost: () => void;
  /** Told each time no new lease could be had; it is tried again. */
  failed: (error: unknown) => void;
}

export class NodeMembership implements AsyncDisposable {
  readonly #parts: MembershipParts;
  #stay: Stay | undefined;
  #lease: NodeLease | undefined;
  #retry: Timer | undefined;
  #joining: Promise<void> = Promise.resolve();
  #left = false;

  private constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  static async join(parts: MembershipParts): Promise<NodeMembership> {
    const membership = new NodeMembership(parts);
    await membership.#join();
    return membership;
  }

  /** Whether the node holds a lease that is safe at this instant. */
  get isSafe(): boolean {
    return this.#stay?.isSafe() ?? false;
  }

  /** @throws {ProblemError} 503 while the node holds no lease that is safe */
  stay(): Stay {
    if (!this.#stay?.isSafe()) throw notAMember();
    return this.#stay;
  }

  /** The port, on which nothing begins while the node holds no lease that is safe: a 503 then. */
  guarded(port: CoordinationPort): CoordinationPort {
    const guard = <Args extends unknown[], Result>(begin: (...args: Args) => Promise<Result>) => {
      return async (...args: Args): Promise<Result> => {
        this.stay();
        return begin(...args);
      };
    };
    return {
      join: (...args) => port.join(...args),
      living: () => port.living(),
      group: (subscription) => port.group(subscription),
      progress: (subscription) => port.progress(subscription),
      change: guard((...args: Parameters<CoordinationPort["change"]>) => port.change(...args)),
      commit: guard((...args: Parameters<CoordinationPort["commit"]>) => port.commit(...args)),
      force: guard((...args: Parameters<CoordinationPort["force"]>) => port.force(...args)),
      remove: (subscription) => port.remove(subscription),
      onChange: (subscription, hint) => port.onChange(subscription, hint),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left = true;
    this.#retry?.cancel();
    await this.#joining;
    await this.#lease?.[Symbol.asyncDispose]();
  }

  async #join(): Promise<void> {
    const { coordination, clock, leaseMs, lost } = this.#parts;
    const name = randomUUID();
    const lease = await coordination.join(name, leaseMs);
    this.#lease = lease;
    const isSafe = (): boolean => !lease.lost.aborted && clock.monotonicMs() < lease.safeUntil();
    const demandSafe = (): void => {
      if (!isSafe()) throw notAMember();
    };
    this.#stay = { name, isSafe, demandSafe };
    const onLost = (): void => {
      this.#stay = undefined;
      if (this.#left) return;
      lost();
      this.#rejoin(FIRST_RETRY_MS);
    };
    if (lease.lost.aborted) onLost();
    else lease.lost.addEventListener("abort", onLost, { once: true });
  }

  /** Again with growing pauses, for as long as the node does not leave. */
  #rejoin(pauseMs: number): void {
    this.#joining = this.#join().catch((error: unknown) => {
      if (this.#left) return;
      this.#parts.failed(error);
      const next = (): void => this.#rejoin(Math.min(2 * pauseMs, MAX_RETRY_MS));
      this.#retry = this.#parts.clock.schedule(pauseMs, next);
    });
  }
}

export function notAMember(): ProblemError {
  return new ProblemError(503, "This node has lost its place among the nodes of the server and is taking a new one");
}
