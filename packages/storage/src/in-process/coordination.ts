/**
 * The coordination port over the rows of an engine: each operation looks at one subscription only. Leases are not kept:
 * after a restart no session is alive.
 */
import type { Clock } from "nakadi-protocol";
import { judgeCommits, sameProgress } from "../fence.ts";
import type { CommitItem } from "../fence.ts";
import type { CommitOutcome, CoordinationPort, Group, NodeLease, PartitionKey, Progress } from "../ports.ts";
import { frozenJson } from "./frozen.ts";
import { InProcessLease } from "./leases.ts";
import type { NodeScope } from "./node-scope.ts";
import type { ChangeHint, StoredCoordination } from "./stored-coordination.ts";

type Progresses = ReadonlyMap<PartitionKey, Progress>;

export class InProcessCoordination implements CoordinationPort {
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
    const group = await this.#stored.readGroup(subscription);
    if (!group) return undefined;
    const alive = group.sessions.filter(({ node }) => this.#stored.leases.isHeld(node));
    return { group, alive: new Set(alive.map(({ id }) => id)) };
  }

  async change(
    subscription: string,
    expect: number,
    { sessions, topology, resetUntilMs }: Omit<Group, "version">,
    initial: Progresses = new Map(),
  ): Promise<"changed" | "conflict"> {
    this.#node.check();
    const group = frozenJson({ sessions, topology, resetUntilMs });
    if (this.#stored.versionOf(subscription) !== expect) return this.#stored.refused(subscription, "conflict");
    const added = new Map([...initial].filter(([partition]) => !this.#stored.progress(subscription, partition)));
    await this.#stored.write(subscription, added, group);
    return "changed";
  }

  async progress(subscription: string): Promise<Progresses> {
    this.#node.check();
    return this.#stored.readProgress(subscription);
  }

  async commit(subscription: string, session: string, items: readonly CommitItem[]): Promise<readonly CommitOutcome[]> {
    this.#node.check();
    const { owners, nodes } = this.#stored.lookUp(subscription);
    const node = nodes.get(session);
    if (node === undefined || !this.#stored.leases.isHeld(node))
      return this.#stored.refused(
        subscription,
        items.map(() => "no-session"),
      );
    const progress = { get: (partition: PartitionKey) => this.#stored.progress(subscription, partition) };
    const { outcomes, moved } = judgeCommits(session, items, owners, progress);
    if (moved.size === 0) return this.#stored.refused(subscription, outcomes);
    await this.#stored.write(subscription, moved);
    return outcomes;
  }

  async force(
    subscription: string,
    expect: number,
    to: Progresses,
    from: Progresses = new Map(),
  ): Promise<"forced" | "conflict"> {
    this.#node.check();
    const same = [...from].every(([partition, seen]) =>
      sameProgress(seen, this.#stored.progress(subscription, partition)),
    );
    if (this.#stored.versionOf(subscription) !== expect || !same) return this.#stored.refused(subscription, "conflict");
    await this.#stored.write(subscription, to);
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
