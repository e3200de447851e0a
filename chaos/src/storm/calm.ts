/** After the storm: publishers end, consumers handle what is left and end, and the broker says what it has. */
import { type AccountParts, partitionsOf, readAll, recordPositions, recordStored } from "../account.ts";
import type { ChaosEvent } from "../actors/assignment.ts";
import type { Recorder } from "../history/recorder.ts";
import { numberOf } from "../history/places.ts";
import { until } from "../waiting.ts";
import type { Actor } from "./actor.ts";
import { DEAD_LETTERS, EVENT_TYPES } from "./set-up.ts";
import { JUDGE, type Stage } from "./stage.ts";

const LAST_COMMITS_MS = 90_000;

export async function bringToRest(stage: Stage, recorder: Recorder): Promise<void> {
  const { broker, consumers, publishers, subscription } = stage;
  const account = { url: broker.url, recorder, name: JUDGE };
  await endAll(publishers, recorder);
  if (!stage.isBroken) {
    await recordingStuck(recorder, () =>
      until("the last commit", LAST_COMMITS_MS, () => allIsCommitted(account, subscription)),
    );
  }
  await endAll(consumers, recorder);
  await recordingStuck(recorder, async () => {
    for (const eventType of EVENT_TYPES) await recordStored(account, eventType);
    const { batches } = await readAll<{ event: ChaosEvent }>(broker.url, DEAD_LETTERS);
    recorder.record(JUDGE, {
      kind: "dead-letters",
      ids: batches.flatMap(({ events }) => events.map(({ event }) => event.id)),
    });
    await recordPositions(account, subscription);
  });
}

/** What does not happen in time is a line of the history. */
export async function recordingStuck(recorder: Recorder, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    recorder.record(JUDGE, { kind: "stuck", what: String(error) });
  }
}

async function endAll(actors: readonly Actor[], recorder: Recorder): Promise<void> {
  await Promise.all(
    actors.map(async (actor) => {
      if (!(await actor.end())) recorder.record(JUDGE, { kind: "stuck", what: `${actor.process} did not end` });
    }),
  );
}

async function allIsCommitted(account: AccountParts, subscription: string): Promise<boolean> {
  const newest = new Map<string, number>();
  for (const eventType of EVENT_TYPES) {
    for (const { partition, newest_available_offset } of await partitionsOf(account.url, eventType)) {
      newest.set(`${eventType} ${partition}`, numberOf(newest_available_offset));
    }
  }
  const positions = await recordPositions(account, subscription);
  return positions.every(
    ({ event_type, partition, offset }) => numberOf(offset) === newest.get(`${event_type} ${partition}`),
  );
}
