/**
 * The coordination port in memory: each operation looks at one subscription only.
 */
import type { Clock } from "nakadi-protocol";
import { judgeCommits, sameProgress } from "../fence.ts";
import type { CommitItem } from "../fence.ts";
import type { CommitOutcome, CoordinationPort, Group, NodeLease, PartitionKey, Progress } from "../ports.ts";
import { Hints } from "../in-process/hints.ts";
import { Leases } from "../in-process/leases.ts";
import { InProcessLease } from "../in-process/node-lease.ts";
import type { NodeScope } from "../in-process/node-scope.ts";
import { StoredGroup } from "../in-process/stored-group.ts";

/** What all nodes share. */
export class StoredCoordination {
  readonly subscriptions: Map<string, StoredGroup> = new Map();
  readonly changed: Hints<string, [what: "group" | "progress"]> = new Hints();
  readonly leases: Leases;
  /** The highest version of a removed group: one that comes again goes on behind it. */
  highestRemoved = 0;

  constructor(clock: Clock) {
    this.leases = new Leases(clock);
  }

  at(subscription: string): StoredGroup {
    let stored = this.subscriptions.get(subscription);
    if (!stored) this.subscriptions.set(subscription, (stored = new StoredGroup()));
    return stored;
  }

  /** 0 where there is no group yet. */
  versionOf(subscription: string): number {
    return this.subscriptions.get(subscription)?.group?.version ?? 0;
  }
}

export class MemoryCoordination implements CoordinationPort {
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
    const group = this.#stored.subscriptions.get(subscription)?.group;
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
    if (this.#stored.versionOf(subscription) !== expect) return "conflict";
    const stored = this.#stored.at(subscription);
    stored.change((expect || this.#stored.highestRemoved) + 1, next);
    const added = new Map([...(initial ?? [])].filter(([partition]) => !stored.progress.has(partition)));
    stored.setProgress(added);
    this.#stored.changed.send(subscription, "group");
    if (added.size > 0) this.#stored.changed.send(subscription, "progress");
    return "changed";
  }

  async progress(subscription: string): Promise<ReadonlyMap<PartitionKey, Progress>> {
    this.#node.check();
    return new Map(this.#stored.subscriptions.get(subscription)?.progress);
  }

  async commit(subscription: string, session: string, items: readonly CommitItem[]): Promise<readonly CommitOutcome[]> {
    this.#node.check();
    const stored = this.#stored.subscriptions.get(subscription);
    const node = stored?.nodes.get(session);
    if (!stored || node === undefined || !this.#stored.leases.isHeld(node)) return items.map(() => "no-session");
    const { outcomes, moved } = judgeCommits(session, items, stored.owners, stored.progress);
    stored.setProgress(moved);
    if (moved.size > 0) this.#stored.changed.send(subscription, "progress");
    return outcomes;
  }

  async force(
    subscription: string,
    expect: number,
    to: ReadonlyMap<PartitionKey, Progress>,
    from: ReadonlyMap<PartitionKey, Progress> = new Map(),
  ): Promise<"forced" | "conflict"> {
    this.#node.check();
    if (this.#stored.versionOf(subscription) !== expect) return "conflict";
    const stored = this.#stored.at(subscription);
    for (const [partition, seen] of from) if (!sameProgress(seen, stored.progress.get(partition))) return "conflict";
    stored.setProgress(to);
    if (to.size > 0) this.#stored.changed.send(subscription, "progress");
    return "forced";
  }

  async remove(subscription: string): Promise<void> {
    this.#node.check();
    this.#stored.highestRemoved = Math.max(this.#stored.highestRemoved, this.#stored.versionOf(subscription));
    if (this.#stored.subscriptions.delete(subscription)) this.#stored.changed.send(subscription, "group");
  }

  onChange(subscription: string, hint: (what: "group" | "progress") => void): Disposable {
    this.#node.check();
    return this.#node.hold(this.#stored.changed.listen(subscription, hint));
  }
}
