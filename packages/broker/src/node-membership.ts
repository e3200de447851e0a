/**
 * The lease of this node among those that share the storage. When a lease is lost, as after a pause of the process, its
 * sessions end, and the node tries to take a new one under a new name until it succeeds. Nothing is delivered or begun
 * unless the lease is safe at that instant, because another node may have taken over.
 */
import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "nakadi-protocol";
import type { CoordinationPort, NodeLease } from "nakadi-storage";
import { ProblemError } from "./problems.ts";

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/** One lease of this node. Work that begins under it ends with it. */
export interface Stay {
  /** The name of this lease in sessions. */
  readonly name: string;
  /** Whether work may begin or be delivered at this instant; false for good once the lease is lost. */
  isSafe(): boolean;
  /** @throws {ProblemError} 503 unless it is safe */
  demandSafe(): void;
}

export interface MembershipParts {
  coordination: CoordinationPort;
  clock: Clock;
  /** Duration of a lease; with its end the node's sessions end. */
  leaseMs: number;
  /** Called each time the lease is lost: work under the old name must end. */
  lost: () => void;
  /** Called each time a new lease is refused; the node tries again. */
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

  /** @throws {ProblemError} 503 unless the node holds a safe lease */
  stay(): Stay {
    if (!this.#stay?.isSafe()) throw notAMember();
    return this.#stay;
  }

  /** The port; its operations fail with 503 unless the lease is safe. */
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

  /** Retries with growing pauses until the node leaves. */
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
