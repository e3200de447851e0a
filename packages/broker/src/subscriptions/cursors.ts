/** Reading and resetting the committed positions of a subscription (protocol 2.8, 2.9). */
import { randomUUID } from "node:crypto";
import type { Cursor } from "nakadi-protocol";
import type { LogPort, PartitionKey, Progress } from "nakadi-storage";
import type { EventTypes } from "../event-types/catalogue.ts";
import { readablePosition } from "../positions/cursor-position.ts";
import { timelineBounds } from "../positions/timeline-bounds.ts";
import type { Snapshot, Snapshots } from "../metadata-snapshot.ts";
import { ProblemError } from "../problems.ts";
import type { ConsumerGate } from "../settings/consumer-gate.ts";
import { splitPartitionKey } from "../positions/partition-key.ts";
import { asProblem } from "./initial-cursors.ts";
import { initialise, normalised } from "./initialise.ts";
import type { Subscriptions } from "./registry.ts";
import { type StandstillParts, withoutStreams } from "./standstill.ts";

export interface CursorParts extends StandstillParts {
  snapshots: Snapshots;
  subscriptions: Subscriptions;
  eventTypes: EventTypes;
  gate: ConsumerGate;
  log: LogPort;
}

/** The committed cursors; none before the positions are fixed. @throws {ProblemError} 403, 404 */
export async function readCursors({ subscriptions, gate, coordination }: CursorParts, id: string): Promise<Cursor[]> {
  await gate.demandCursors((await subscriptions.get(id)).event_types);
  const current = await coordination.group(id);
  if (!current) return [];
  const progress = await coordination.progress(id);
  return current.group.topology.map(({ partition: key }) => {
    const { eventType, partition } = splitPartitionKey(key);
    const offset = progress.get(key)?.at.text ?? "";
    return { partition: String(partition), offset, event_type: eventType, cursor_token: randomUUID() };
  });
}

/**
 * Sets positions, backward or forward, after all streams of the subscription have ended. An empty list only fixes the
 * positions of an unused subscription.
 * @throws {ProblemError} 403, 404, 409, 422; 500 if the streams do not end in time
 */
export async function resetCursors(parts: CursorParts, id: string, cursors: readonly Cursor[]): Promise<void> {
  const { snapshots, subscriptions, gate, coordination } = parts;
  const at = await snapshots.take();
  const subscription = await subscriptions.get(id);
  await gate.demandCursors(subscription.event_types, at);
  const to = await resetPositions(parts, subscription.event_types, cursors, at);
  await initialise(parts, subscription, await subscriptions.eventTypesOf(subscription, at));
  if (to.size === 0) return;
  await withoutStreams(parts, id, ({ version }) => coordination.force(id, version, to));
}

async function resetPositions(
  { eventTypes, log }: CursorParts,
  subscribed: readonly string[],
  cursors: readonly Cursor[],
  at: Snapshot,
): Promise<Map<PartitionKey, Progress>> {
  const stored = new Map(
    await Promise.all(
      [...new Set(cursors.map(({ event_type }) => event_type))].map(async (name) => {
        const found = await eventTypes.find(name, at);
        if (!found) throw new ProblemError(422, `EventType "${name}" does not exist.`);
        return [name, { found, all: await timelineBounds(log, found) }] as const;
      }),
    ),
  );
  const foreign = [...stored.keys()].filter((name) => !subscribed.includes(name));
  if (foreign.length > 0)
    throw new ProblemError(422, `Event type does not belong to subscription: [${foreign.join(", ")}]`);
  const to = new Map<PartitionKey, Progress>();
  for (const cursor of cursors) {
    const known = stored.get(cursor.event_type);
    if (!known) continue;
    const position = asProblem(() => readablePosition(known.found, known.all, cursor));
    const at = normalised(position);
    to.set(`${cursor.event_type}:${Number(cursor.partition)}`, { at, failedCommits: 0, lastDeadLetter: null });
  }
  return to;
}
