/** Reading and resetting the committed positions of a subscription (protocol 2.8, 2.9). */
import { randomUUID } from "node:crypto";
import type { Clock, Cursor } from "nakadi-protocol";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { Limits } from "../limits.ts";
import { readablePosition } from "../log/cursor-position.ts";
import { timelineBounds } from "../log/timeline-bounds.ts";
import { ProblemError } from "../problems.ts";
import type { CoordinationPort, Group, LogPort, PartitionKey, Progress } from "../storage/ports.ts";
import { splitKey } from "../streaming/group.ts";
import { asProblem } from "./initial-cursors.ts";
import { initialise, normalised } from "./initialise.ts";
import type { Subscriptions } from "./registry.ts";

/** Sessions may take this long beyond their commit timeout until a reset gives up. */
const RESET_GRACE_MS = 1_000;
/** Hints may be lost, so a waiting reset looks again this often. */
const RESET_POLL_MS = 250;

export interface CursorParts {
  subscriptions: Subscriptions;
  eventTypes: EventTypes;
  coordination: CoordinationPort;
  log: LogPort;
  limits: Limits;
  clock: Clock;
}

/** Empty before the positions are fixed. @throws {ProblemError} 404 */
export async function readCursors({ subscriptions, coordination }: CursorParts, id: string): Promise<Cursor[]> {
  await subscriptions.get(id);
  const current = await coordination.group(id);
  if (!current) return [];
  const progress = await coordination.progress(id);
  return current.group.topology.map(({ partition: key }) => {
    const { eventType, partition } = splitKey(key);
    const offset = progress.get(key)?.at.text ?? "";
    return { partition: String(partition), offset, event_type: eventType, cursor_token: randomUUID() };
  });
}

/**
 * Sets positions, back or forth: the streams are told and waited for, as long as they may wait for commits themselves.
 * No cursors at all only fix the positions of a subscription that nobody has used yet.
 * @throws {ProblemError} 404, 409, 422; 500 if the streams do not end in time
 */
export async function resetCursors(parts: CursorParts, id: string, cursors: readonly Cursor[]): Promise<void> {
  const { subscriptions, coordination } = parts;
  const subscription = await subscriptions.get(id);
  const to = await resetPositions(parts, subscription.event_types, cursors);
  await initialise(parts, subscription, await subscriptions.eventTypesOf(subscription));
  if (to.size === 0) return;
  await mark(parts, id);
  try {
    const version = await untilAlone(parts, id);
    if ((await coordination.force(id, version, to)) === "conflict")
      throw new ProblemError(500, "Timeout resetting cursors");
  } finally {
    await setMarker(coordination, id, () => null);
  }
}

async function resetPositions(
  { eventTypes, log }: CursorParts,
  subscribed: readonly string[],
  cursors: readonly Cursor[],
): Promise<Map<PartitionKey, Progress>> {
  const stored = new Map(
    await Promise.all(
      [...new Set(cursors.map(({ event_type }) => event_type))].map(async (name) => {
        const found = await eventTypes.find(name);
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

async function mark({ coordination, clock, limits }: CursorParts, id: string): Promise<void> {
  const untilMs = clock.wallMs() + limits.maxCommitTimeoutSeconds * 1_000 + RESET_GRACE_MS;
  await setMarker(coordination, id, ({ resetUntilMs }) => {
    if (resetUntilMs !== null && resetUntilMs > clock.wallMs()) {
      throw new ProblemError(409, "Cursors reset is already in progress for provided subscription");
    }
    return untilMs;
  });
}

async function setMarker(
  coordination: CoordinationPort,
  id: string,
  marker: (group: Group) => number | null,
): Promise<void> {
  for (;;) {
    const current = await coordination.group(id);
    if (!current) return;
    const { version, sessions, topology } = current.group;
    const resetUntilMs = marker(current.group);
    if ((await coordination.change(id, version, { sessions, topology, resetUntilMs })) === "changed") return;
  }
}

/** The group's version once no live session is left. */
async function untilAlone({ coordination, clock, limits }: CursorParts, id: string): Promise<number> {
  const deadlineMs = clock.monotonicMs() + limits.maxCommitTimeoutSeconds * 1_000 + RESET_GRACE_MS;
  for (;;) {
    const current = await coordination.group(id);
    if (!current) throw new ProblemError(404, `Subscription with id "${id}" does not exist`);
    const { group, alive } = current;
    if (!group.sessions.some((session) => alive.has(session.id))) return group.version;
    if (clock.monotonicMs() >= deadlineMs) throw new ProblemError(500, "Timeout resetting cursors");
    await changeOrPoll(coordination, clock, id);
  }
}

function changeOrPoll(coordination: CoordinationPort, clock: Clock, id: string): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      hint[Symbol.dispose]();
      resolve();
    };
    const timer = clock.schedule(RESET_POLL_MS, done);
    const hint = coordination.onChange((subscription) => {
      if (subscription === id) done();
    });
  });
}
