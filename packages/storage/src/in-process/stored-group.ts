/**
 * All that the engine keeps of one subscription, with what a commit looks up found at once.
 * @pure
 */
import type { Group, Owned, PartitionKey, Progress, Session } from "../ports.ts";
import { frozenJson } from "./frozen.ts";

export class StoredGroup {
  /** `undefined` until the first change. */
  group: Group | undefined;
  readonly progress: Map<PartitionKey, Progress> = new Map();
  /** The topology's session by partition. */
  owners: ReadonlyMap<PartitionKey, string | null> = new Map();
  /** The node by session. */
  nodes: ReadonlyMap<string, string> = new Map();

  change(version: number, next: Omit<Group, "version">): void {
    const { sessions, topology, resetUntilMs } = next;
    const group = frozenJson({ version, sessions, topology, resetUntilMs }) as Group;
    this.group = group;
    this.owners = new Map(group.topology.map(({ partition, session }: Owned) => [partition, session]));
    this.nodes = new Map(group.sessions.map(({ id, node }: Session) => [id, node]));
  }

  setProgress(to: ReadonlyMap<PartitionKey, Progress>): void {
    for (const [partition, progress] of to) this.progress.set(partition, frozenJson(progress) as Progress);
  }
}
