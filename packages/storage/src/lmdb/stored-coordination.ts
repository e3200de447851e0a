/**
 * Groups and progress of all subscriptions, shared by all nodes: in memory as they are about to be on disk. Whoever answers
 * from them waits until what he saw is durable. Leases are not kept: after a restart no session is alive.
 */
import type { Clock } from "nakadi-protocol";
import type { ChangeHint } from "../in-process/change-hint.ts";
import { Hints } from "../in-process/hints.ts";
import { Leases } from "../in-process/leases.ts";
import { StoredGroup } from "../in-process/stored-group.ts";
import type { Group, PartitionKey, Progress } from "../ports.ts";
import type { Journal } from "./journal.ts";
import { jsonRow, readJson } from "./json-rows.ts";
import { REMOVED_GROUP_KEY, scopedKey, scopeEnd, scopePrefix } from "./keys.ts";
import type { Change, Store } from "./store.ts";

const SCOPE = "subscription";

/** A row of `progress`. */
interface ProgressRow {
  partition: PartitionKey;
  progress: Progress;
}

export interface Subscription {
  readonly state: StoredGroup;
  /** Resolves when `state` is on disk as it is now. */
  durable: Promise<void>;
}

export class StoredCoordination {
  readonly changed: Hints<string, ChangeHint> = new Hints();
  readonly leases: Leases;
  /** The highest version of a removed group: one that comes again goes on behind it. */
  highestRemoved: number;
  readonly #store: Store;
  readonly #journal: Journal;
  /** Those that were written to, or read and found, since the start. */
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(store: Store, journal: Journal, clock: Clock) {
    this.#store = store;
    this.#journal = journal;
    this.leases = new Leases(clock);
    const value = store.get("counters", REMOVED_GROUP_KEY);
    this.highestRemoved = value ? (readJson("counters", REMOVED_GROUP_KEY, value) as number) : 0;
  }

  /** As it is or, where there is none, empty. @throws {DamagedDataError} */
  at(id: string): Subscription {
    const known = this.#subscriptions.get(id);
    if (known) return known;
    const found = { state: this.#read(id), durable: Promise.resolve() };
    if (found.state.group || found.state.progress.size > 0) this.#subscriptions.set(id, found);
    return found;
  }

  /** Writes the group of `to`, if `group`, and the progress of some partitions. */
  async save(
    id: string,
    to: Subscription,
    group: boolean,
    progress: ReadonlyMap<PartitionKey, Progress>,
  ): Promise<void> {
    const changes: Change[] = [];
    if (group && to.state.group) changes.push(jsonRow("groups", scopedKey(SCOPE, id), to.state.group));
    for (const [partition, each] of progress) {
      const row: ProgressRow = { partition, progress: each };
      changes.push(jsonRow("progress", scopedKey(id, partition), row));
    }
    if (changes.length === 0) return to.durable;
    await this.#write(id, to, changes);
    if (group) this.changed.send(id, "group");
    if (progress.size > 0) this.changed.send(id, "progress", [...progress.keys()]);
  }

  async remove(id: string): Promise<void> {
    const old = this.at(id);
    const { group, progress } = old.state;
    if (!group && progress.size === 0) return old.durable;
    this.highestRemoved = Math.max(this.highestRemoved, group?.version ?? 0);
    const gone: Subscription = { state: new StoredGroup(), durable: old.durable };
    await this.#write(id, gone, [
      { table: "groups", key: scopedKey(SCOPE, id), value: null },
      ...Array.from(progress.keys(), (key): Change => ({ table: "progress", key: scopedKey(id, key), value: null })),
      jsonRow("counters", REMOVED_GROUP_KEY, this.highestRemoved),
    ]);
    if (this.#subscriptions.get(id) === gone && !gone.state.group && gone.state.progress.size === 0) {
      this.#subscriptions.delete(id);
    }
    this.changed.send(id, "group");
  }

  async #write(id: string, to: Subscription, changes: readonly Change[]): Promise<void> {
    this.#subscriptions.set(id, to);
    const durable = this.#journal.write(changes);
    to.durable = durable;
    await durable;
  }

  #read(id: string): StoredGroup {
    const key = scopedKey(SCOPE, id);
    const value = this.#store.get("groups", key);
    const state = new StoredGroup();
    if (value) {
      const group = readJson("groups", key, value) as Group;
      state.change(group.version, group);
    }
    const progress = new Map<PartitionKey, Progress>();
    for (const row of this.#store.rows("progress", scopePrefix(id), scopeEnd(id))) {
      const { partition, progress: each } = readJson("progress", row.key, row.value) as ProgressRow;
      progress.set(partition, each);
    }
    state.setProgress(progress);
    return state;
  }
}
