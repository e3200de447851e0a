/**
 * This node among those that share the storage: it holds a lease, and takes a new one under a new name when it was lost,
 * as after a process stood still for too long. The sessions of the lost lease are gone then.
 */
import { randomUUID } from "node:crypto";
import type { CoordinationPort, NodeLease } from "nakadi-storage";

/** A node that was not heard of for so long has lost its sessions. */
const LEASE_MS = 10_000;

export class NodeMembership implements AsyncDisposable {
  readonly #coordination: CoordinationPort;
  readonly #lost: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #name = "";
  #lease: NodeLease | undefined;
  #left = false;

  private constructor(coordination: CoordinationPort, lost: () => Promise<void>, failed: (error: unknown) => void) {
    this.#coordination = coordination;
    this.#lost = lost;
    this.#failed = failed;
  }

  /**
   * @param lost called when the lease was lost, before a new one is taken: whatever runs under the old name must end
   * @param failed told why no new lease could be had
   */
  static async join(
    coordination: CoordinationPort,
    lost: () => Promise<void>,
    failed: (error: unknown) => void,
  ): Promise<NodeMembership> {
    const membership = new NodeMembership(coordination, lost, failed);
    await membership.#join();
    return membership;
  }

  /** The name that sessions of this node carry now. */
  get name(): string {
    return this.#name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left = true;
    await this.#lease?.[Symbol.asyncDispose]();
  }

  async #join(): Promise<void> {
    this.#name = randomUUID();
    this.#lease = await this.#coordination.join(this.#name, LEASE_MS);
    this.#lease.lost.addEventListener("abort", () => void this.#rejoin(), { once: true });
  }

  async #rejoin(): Promise<void> {
    if (this.#left) return;
    try {
      await this.#lost();
      await this.#join();
    } catch (error) {
      this.#failed(error);
    }
  }
}
