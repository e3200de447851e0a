/**
 * Groups and progress of all subscriptions, shared by all nodes: one row a group, one a partition's progress.
 */
import type { Clock } from "nakadi-protocol";
import type { Group, Owned, PartitionKey, Progress, Session } from "../ports.ts";
import { frozenJson } from "./frozen.ts";
import { Hints } from "./hints.ts";
import { Leases } from "./leases.ts";
import type { RowChange, Rows } from "./rows.ts";

/** The arguments of a hint about a subscription. */
export type ChangeHint = [what: "group" | "progress", partitions?: readonly PartitionKey[]];

const GROUPS = "groups";
const PROGRESS = "progress";

/** What a commit looks up in a group. */
interface GroupLookUp {
  /** The topology's session by partition. */
  owners: ReadonlyMap<PartitionKey, string | null>;
  /** The node by session. */
  nodes: ReadonlyMap<string, string>;
}

const NO_GROUP: GroupLookUp = { owners: new Map(), nodes: new Map() };

export class StoredCoordination {
  readonly changed: Hints<string, ChangeHint> = new Hints();
  readonly leases: Leases;
  readonly #rows: Rows;
  readonly #lookUps = new WeakMap<object, GroupLookUp>();
  /** The partitions of each subscription that have progress, and perhaps some that have none any more. */
  #partitions: Map<string, Set<PartitionKey>> | undefined;

  constructor(rows: Rows, clock: Clock) {
    this.#rows = rows;
    this.leases = new Leases(clock);
  }

  /** 0 where there is no group yet. */
  versionOf(subscription: string): number {
    return this.#rows.get(GROUPS, subscription)?.version ?? 0;
  }

  lookUp(subscription: string): GroupLookUp {
    const group = this.#rows.get(GROUPS, subscription)?.value as Group | undefined;
    if (!group) return NO_GROUP;
    let found = this.#lookUps.get(group);
    if (!found) {
      found = {
        owners: new Map(group.topology.map(({ partition, session }: Owned) => [partition, session])),
        nodes: new Map(group.sessions.map(({ id, node }: Session) => [id, node])),
      };
      this.#lookUps.set(group, found);
    }
    return found;
  }

  progress(subscription: string, partition: PartitionKey): Progress | undefined {
    return this.#rows.get(PROGRESS, progressId(subscription, partition))?.value as Progress | undefined;
  }

  async readGroup(subscription: string): Promise<Group | undefined> {
    return this.#rows.read(GROUPS, [subscription], () => {
      const row = this.#rows.get(GROUPS, subscription);
      return row && { ...(row.value as Omit<Group, "version">), version: row.version };
    });
  }

  async readProgress(subscription: string): Promise<ReadonlyMap<PartitionKey, Progress>> {
    return this.#rows.read(PROGRESS, this.#progressIds(subscription), () => this.#progressOf(subscription));
  }

  /** The answer to an operation that changes nothing, once what it has seen is durable. @throws {StorageFailedError} */
  async refused<T>(subscription: string, answer: T): Promise<T> {
    await this.#rows.settled(GROUPS, [subscription]);
    await this.#rows.settled(PROGRESS, this.#progressIds(subscription));
    return answer;
  }

  /** The group, if there is a new one, and progress; resolves when they are durable. @throws {StorageFailedError} */
  async write(subscription: string, progress: ReadonlyMap<PartitionKey, Progress>, group?: unknown): Promise<void> {
    if (!group && progress.size === 0) return this.refused(subscription, undefined);
    const changes: RowChange[] = group ? [{ table: GROUPS, id: subscription, value: group }] : [];
    const partitions = this.#partitionsOf(subscription);
    for (const [partition, value] of progress) {
      changes.push({ table: PROGRESS, id: progressId(subscription, partition), value: frozenJson(value) });
      partitions.add(partition);
    }
    if (partitions.size > 0) this.#index.set(subscription, partitions);
    await this.#rows.write(changes);
    if (group) this.changed.send(subscription, "group");
    if (progress.size > 0) this.changed.send(subscription, "progress", [...progress.keys()]);
  }

  async remove(subscription: string): Promise<void> {
    const changes = Array.from(this.#progressOf(subscription).keys(), (partition) => ({
      table: PROGRESS,
      id: progressId(subscription, partition),
      value: undefined,
    }));
    if (this.versionOf(subscription) > 0) changes.push({ table: GROUPS, id: subscription, value: undefined });
    if (changes.length === 0) return this.refused(subscription, undefined);
    await this.#rows.write(changes);
    if (this.#progressOf(subscription).size === 0) this.#index.delete(subscription);
    this.changed.send(subscription, "group");
  }

  #progressOf(subscription: string): ReadonlyMap<PartitionKey, Progress> {
    const found = new Map<PartitionKey, Progress>();
    for (const partition of this.#partitionsOf(subscription)) {
      const progress = this.progress(subscription, partition);
      if (progress) found.set(partition, progress);
    }
    return found;
  }

  #progressIds(subscription: string): readonly string[] {
    return Array.from(this.#partitionsOf(subscription), (partition) => progressId(subscription, partition));
  }

  #partitionsOf(subscription: string): Set<PartitionKey> {
    return this.#index.get(subscription) ?? new Set();
  }

  get #index(): Map<string, Set<PartitionKey>> {
    if (this.#partitions) return this.#partitions;
    const index = new Map<string, Set<PartitionKey>>();
    for (const id of this.#rows.ids(PROGRESS)) {
      const [subscription, partition] = JSON.parse(id) as [string, PartitionKey];
      const partitions = index.get(subscription);
      if (partitions) partitions.add(partition);
      else index.set(subscription, new Set([partition]));
    }
    return (this.#partitions = index);
  }
}

function progressId(subscription: string, partition: PartitionKey): string {
  return JSON.stringify([subscription, partition]);
}
