/** Checks the partitions and initial cursors of a new subscription (protocol 2.3, steps 6 and 7). */
import type { LogPort } from "nakadi-storage";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { CursorError, partitionNumber, readablePosition } from "../positions/cursor-position.ts";
import { timelineBounds } from "../positions/timeline-bounds.ts";
import { ProblemError } from "../problems.ts";
import type { CompleteSubscriptionRequest } from "./subscription-request.ts";

/** @throws {ProblemError} 422 */
export async function demandInitialCursors(
  log: LogPort,
  { read_from, initial_cursors }: CompleteSubscriptionRequest,
  eventTypes: readonly StoredEventType[],
  maxPartitions: number,
): Promise<void> {
  const total = eventTypes.reduce((sum, { partitions }) => sum + partitions, 0);
  if (total > maxPartitions) {
    const limit = `the maximum partition count is ${maxPartitions}`;
    throw new ProblemError(422, `total partition count for subscription is ${total}, but ${limit}`);
  }
  if (read_from !== "cursors") return;
  const known = new Map(eventTypes.map((stored) => [stored.eventType.name, stored]));
  const keys = initial_cursors.map(({ event_type, partition }) => `${event_type}:${partition}`);
  const covered = new Set(keys);
  const all = eventTypes.flatMap(({ eventType, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => `${eventType.name}:${partition}`),
  );
  if (!all.every((key) => covered.has(key))) {
    throw new ProblemError(422, "initial_cursors should contain cursors for all partitions of subscription");
  }
  const foreign = initial_cursors.some(({ event_type, partition }) => {
    return partitionNumber(partition, known.get(event_type)?.partitions ?? 0) === undefined;
  });
  if (foreign) {
    throw new ProblemError(422, "initial_cursors should contain cursors only for partitions of this subscription");
  }
  if (covered.size < keys.length) {
    throw new ProblemError(422, "there should be no more than 1 cursor for each partition in initial_cursors");
  }
  for (const stored of eventTypes) {
    const bounds = await timelineBounds(log, stored);
    for (const cursor of initial_cursors) {
      if (cursor.event_type === stored.eventType.name) asProblem(() => readablePosition(stored, bounds, cursor));
    }
  }
}

/** Runs `read`; a cursor that cannot be read from is answered 422. */
export function asProblem<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof CursorError ? new ProblemError(422, error.message) : error;
  }
}
