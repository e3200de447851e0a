/**
 * Groups, positions and progress for tests of the coordination port.
 */
import type { CoordinationPort, Group, Owned, PartitionKey, Progress, Session, StoredPosition } from "../ports.ts";

export const NO_ONE: Omit<Group, "version"> = { sessions: [], topology: [], resetUntilMs: null };

export function at(number: number, order = 1): StoredPosition {
  return { order, number, text: `${order}-${number}` };
}

export function progressAt(number: number, more: Partial<Progress> = {}): Progress {
  return { at: at(number), failedCommits: 0, lastDeadLetter: null, ...more };
}

export function session(id: string, node: string): Session {
  return { id, node, requested: [], commitTimeoutMs: 60_000 };
}

/** `owners` by partition; null: without an owner. */
export function topology(owners: Readonly<Record<string, string | null>>): Owned[] {
  return Object.entries(owners).map(([partition, owner]) => ({
    partition: partition as PartitionKey,
    session: owner,
    next: null,
  }));
}

/** 0 where there is no group. */
export async function versionOf(coordination: CoordinationPort, subscription: string): Promise<number> {
  return (await coordination.group(subscription))?.group.version ?? 0;
}
