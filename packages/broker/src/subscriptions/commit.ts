/** Commits cursors: the checks of protocol 3.13 in their order, then the storage's fence. */
import type { CommitItem, CommitOutcome, CoordinationPort, LogPort, StoredPosition } from "nakadi-storage";
import { type Access, subscriptionResource } from "../authorization/authorizer.ts";
import { type CommitResponse, type Cursor, isUuid } from "nakadi-protocol";
import type { EventTypes } from "../event-types/catalogue.ts";
import { cursorPosition, partitionNumber } from "../positions/cursor-position.ts";
import { timelineBounds } from "../positions/timeline-bounds.ts";
import type { Snapshot, Snapshots } from "../metadata-snapshot.ts";
import { ProblemError } from "../problems.ts";
import type { ConsumerGate } from "../settings/consumer-gate.ts";
import { asProblem } from "./initial-cursors.ts";
import { normalised } from "./initialise.ts";
import type { Subscriptions } from "./registry.ts";

export interface CommitParts {
  snapshots: Snapshots;
  subscriptions: Subscriptions;
  eventTypes: EventTypes;
  gate: ConsumerGate;
  access: Access;
  log: LogPort;
  coordination: CoordinationPort;
}

/**
 * @returns the outcome of each cursor; `undefined` if all moved their partitions forward
 * @throws {ProblemError} 403, 404, 422; 503 while this node holds no lease
 */
export async function commit(
  parts: CommitParts,
  subscriptionId: string,
  streamId: string,
  cursors: readonly Cursor[],
): Promise<CommitResponse | undefined> {
  const at = await parts.snapshots.take();
  const items: CommitItem[] = [];
  for (const cursor of cursors) items.push(await convert(parts, cursor, at));
  if (items.length === 0) throw new ProblemError(422, "Cursors are empty");
  const subscription = await parts.subscriptions.get(subscriptionId);
  await parts.gate.demandCursors(subscription.event_types, at);
  await parts.access.demand("VIEW", subscriptionResource(subscription));
  await parts.access.demand("READ", subscriptionResource(subscription));
  if (!isUuid(streamId)) throw new ProblemError(422, `Stream id has to be valid UUID, but \`${streamId} was provided`);
  const outcomes = await parts.coordination.commit(subscriptionId, streamId, items);
  const results = outcomes.map((outcome, index) => resultOf(outcome, cursors[index], items[index]?.at, streamId));
  if (results.every(({ result }) => result === "committed")) return undefined;
  return { items: results };
}

/** Stands for an unknown partition: the fence refuses it as not owned, after it has found the session. */
const NOWHERE = -1;

async function convert({ eventTypes, log }: CommitParts, cursor: Cursor, at: Snapshot): Promise<CommitItem> {
  const stored = await eventTypes.find(cursor.event_type, at);
  if (!stored) throw new ProblemError(422, `EventType "${cursor.event_type}" does not exist.`);
  // Only BEGIN needs the bounds of the log; passing closed timelines needs only their ends.
  const all = cursor.offset.toUpperCase() === "BEGIN" ? await timelineBounds(log, stored) : [];
  const position = asProblem(() => cursorPosition(stored, all, cursor));
  if (position.number < -1) {
    throw new ProblemError(422, `invalid offset ${cursor.offset} for partition ${cursor.partition}`);
  }
  const number = partitionNumber(cursor.partition, stored.partitions) ?? NOWHERE;
  return { partition: `${cursor.event_type}:${number}`, at: normalised(position) };
}

function resultOf(
  outcome: CommitOutcome,
  cursor: Cursor | undefined,
  at: StoredPosition | undefined,
  streamId: string,
): CommitResponse["items"][number] {
  if (!cursor || !at) throw new Error("The fence answered more cursors than it was asked for.");
  switch (outcome) {
    case "committed":
    case "outdated":
      return { cursor, result: outcome };
    case "no-session":
      throw new ProblemError(422, `Session with stream id ${streamId} not found`);
    case "no-partition":
      throw new ProblemError(422, `non existing partition ${cursor.partition}`);
    case "not-owner": {
      const shown = `T(${cursor.event_type}:${at.order})-P(${cursor.partition})-O(${at.text})`;
      throw new ProblemError(422, `Cursor ${shown} cannot be committed with stream id ${streamId}`);
    }
  }
}
