/**
 * The coordination port on LMDB: each operation looks at one subscription only, and decides in memory.
 */
import type { Clock } from "nakadi-protocol";
import { judgeCommits, sameProgress } from "../fence.ts";
import type { CommitItem } from "../fence.ts";
import type { ChangeHint } from "../in-process/change-hint.ts";
import { InProcessLease } from "../in-process/node-lease.ts";
import type { NodeScope } from "../in-process/node-scope.ts";
import type { CommitOutcome, CoordinationPort, Group, NodeLease, PartitionKey, Progress } from "../ports.ts";
import type { StoredCoordination } from "./stored-coordination.ts";

export class LmdbCoordination implements CoordinationPort {
  readonly #stored: StoredCoordination;
  readonly #nodeClock: Clock;
  readonly #node: NodeScope;

  constructor(stored: StoredCoordination, nodeClock: Clock, node: NodeScope) {
    this.#stored = stored;
    this.#nodeClock = nodeClock;
    this.#node = node;
  }

  async join(node: string, ttlMs: number): Promise<NodeLease> {
    this.#node.check();
    const lease = new InProcessLease(this.#stored.leases, node, ttlMs, this.#nodeClock);
    this.#node.hold(lease);
    return lease;
  }

  async living(): Promise<ReadonlySet<string>> {
    this.#node.check();
    return this.#stored.leases.living();
  }

  async group(subscription: string): Promise<{ group: Group; alive: ReadonlySet<string> } | undefined> {
    this.#node.check();
    const { state, durable } = this.#stored.at(subscription);
    const { group } = state;
    await durable;
    if (!group) return undefined;
    const alive = group.sessions.filter(({ node }) => this.#stored.leases.isHeld(node));
    return { group, alive: new Set(alive.map(({ id }) => id)) };
  }

  async change(
    subscription: string,
    expect: number,
    next: Omit<Group, "version">,
    initial?: ReadonlyMap<PartitionKey, Progress>,
  ): Promise<"changed" | "conflict"> {
    this.#node.check();
    const stored = this.#stored.at(subscription);
    const { state } = stored;
    if ((state.group?.version ?? 0) !== expect) {
      await stored.durable;
      return "conflict";
    }
    state.change((expect || this.#stored.highestRemoved) + 1, next);
    const added = new Map([...(initial ?? [])].filter(([partition]) => !state.progress.has(partition)));
    state.setProgress(added);
    await this.#stored.save(subscription, stored, true, added);
    return "changed";
  }

  async progress(subscription: string): Promise<ReadonlyMap<PartitionKey, Progress>> {
    this.#node.check();
    const { state, durable } = this.#stored.at(subscription);
    const progress = new Map(state.progress);
    await durable;
    return progress;
  }

  async commit(subscription: string, session: string, items: readonly CommitItem[]): Promise<readonly CommitOutcome[]> {
    this.#node.check();
    const stored = this.#stored.at(subscription);
    const { state } = stored;
    const node = state.nodes.get(session);
    if (node === undefined || !this.#stored.leases.isHeld(node)) {
      await stored.durable;
      return items.map(() => "no-session");
    }
    const { outcomes, moved } = judgeCommits(session, items, state.owners, state.progress);
    state.setProgress(moved);
    await this.#stored.save(subscription, stored, false, moved);
    return outcomes;
  }

  async force(
    subscription: string,
    expect: number,
    to: ReadonlyMap<PartitionKey, Progress>,
    from: ReadonlyMap<PartitionKey, Progress> = new Map(),
  ): Promise<"forced" | "conflict"> {
    this.#node.check();
    const stored = this.#stored.at(subscription);
    const { state } = stored;
    const same = [...from].every(([partition, seen]) => sameProgress(seen, state.progress.get(partition)));
    if ((state.group?.version ?? 0) !== expect || !same) {
      await stored.durable;
      return "conflict";
    }
    state.setProgress(to);
    await this.#stored.save(subscription, stored, false, to);
    return "forced";
  }

  async remove(subscription: string): Promise<void> {
    this.#node.check();
    await this.#stored.remove(subscription);
  }

  onChange(subscription: string, hint: (...change: ChangeHint) => void): Disposable {
    this.#node.check();
    return this.#node.hold(this.#stored.changed.listen(subscription, hint));
  }
}
