/**
 * What one subscription's coordination must do, written as plainly as possible, and random steps for it.
 */
import fc from "fast-check";
import type { CommitOutcome, PartitionKey, Progress, StoredPosition } from "../ports.ts";
import { at } from "./groups.ts";

const PARTITIONS: readonly PartitionKey[] = ["e:0", "e:1", "f:0"];
/** `D` is a node that never held a lease. */
const SESSIONS = [
  { id: "s1", node: "A" },
  { id: "s2", node: "B" },
  { id: "s3", node: "A" },
  { id: "s4", node: "D" },
];

type Owners = Readonly<Record<string, string | null>>;
type Item = { partition: PartitionKey; at: StoredPosition };

/** `stale`: expects another version than there is. */
export type Step = { on: string } & (
  | {
      does: "change";
      stale: boolean;
      sessions: { id: string; node: string }[];
      owners: Owners;
      initial: Map<PartitionKey, Progress>;
    }
  | { does: "commit"; session: string; items: Item[] }
  | { does: "force"; stale: boolean; to: Map<PartitionKey, Progress> }
  | { does: "remove" }
  | { does: "leave" }
);

const on = fc.constantFrom("A", "B");
const anyAt = fc
  .tuple(fc.integer({ min: -1, max: 6 }), fc.integer({ min: 1, max: 2 }))
  .map(([number, order]) => at(number, order));
const anyProgress = fc.record({
  at: anyAt,
  failedCommits: fc.nat(3),
  lastDeadLetter: fc.option(anyAt),
});
const anyProgresses = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...PARTITIONS), anyProgress), {
    selector: ([partition]) => partition,
  })
  .map((entries) => new Map<PartitionKey, Progress>(entries));
const anyOwners = fc.dictionary(
  fc.constantFrom(...PARTITIONS),
  fc.option(fc.constantFrom("s1", "s2", "s3", "s4"), { freq: 5 }),
  { noNullPrototype: true },
);
const anyItem = fc.record({ partition: fc.constantFrom(...PARTITIONS), at: anyAt });
const stale = fc.nat(4).map((chance) => chance === 0);

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      on,
      does: fc.constant("change" as const),
      stale,
      sessions: fc.subarray(SESSIONS),
      owners: anyOwners,
      initial: anyProgresses,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      on,
      does: fc.constant("commit" as const),
      session: fc.constantFrom("s1", "s2", "s3", "s4", "s9"),
      items: fc.array(anyItem, { maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ on, does: fc.constant("force" as const), stale, to: anyProgresses }),
  },
  { weight: 1, arbitrary: fc.record({ on, does: fc.constant("remove" as const) }) },
  { weight: 1, arbitrary: fc.record({ on, does: fc.constant("leave" as const) }) },
);

export class GroupModel {
  /** Nodes that hold their lease. */
  readonly living: Set<string> = new Set();
  exists = false;
  sessions: readonly { id: string; node: string }[] = [];
  owners: Owners = {};
  progress: Map<PartitionKey, Progress> = new Map();

  get alive(): Set<string> {
    return new Set(this.sessions.filter(({ node }) => this.living.has(node)).map(({ id }) => id));
  }

  change({ stale: isStale, sessions, owners, initial }: Step & { does: "change" }): "changed" | "conflict" {
    if (isStale) return "conflict";
    this.exists = true;
    this.sessions = sessions;
    this.owners = owners;
    this.progress = new Map([...initial, ...this.progress]);
    return "changed";
  }

  commit({ session, items }: Step & { does: "commit" }): CommitOutcome[] {
    if (!this.alive.has(session)) return items.map(() => "no-session");
    const after = new Map(this.progress);
    const outcomes = items.map((item) => this.#commitOne(after, session, item));
    if (outcomes.every((outcome) => outcome === "committed" || outcome === "outdated")) this.progress = after;
    return outcomes;
  }

  force({ stale: isStale, to }: Step & { does: "force" }): "forced" | "conflict" {
    if (isStale) return "conflict";
    this.progress = new Map([...this.progress, ...to]);
    return "forced";
  }

  remove(): void {
    this.exists = false;
    this.sessions = [];
    this.owners = {};
    this.progress = new Map();
  }

  #commitOne(after: Map<PartitionKey, Progress>, session: string, { partition, at: to }: Item): CommitOutcome {
    const owner = this.owners[partition];
    if (!owner) return "no-partition";
    if (owner !== session) return "not-owner";
    const now = after.get(partition);
    const forward = !now || to.order > now.at.order || (to.order === now.at.order && to.number > now.at.number);
    if (!forward) return "outdated";
    after.set(partition, { at: to, failedCommits: 0, lastDeadLetter: now?.lastDeadLetter ?? null });
    return "committed";
  }
}
