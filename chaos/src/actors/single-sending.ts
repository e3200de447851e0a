/**
 * Publishing event by event: several loads are under way at once, and publishers are stopped in the middle of it. What is
 * recorded as one call is a load of events that were sent one after the other.
 */
import { type NakadiClient, PublishError, type Publisher, type PublisherOptions, type Verdict } from "nakadi-client";
import type { Entry } from "../history/line.ts";
import type { Random } from "../random.ts";
import type { ChaosEvent } from "./assignment.ts";
import type { EventSource } from "./event-source.ts";

export interface SendingParts {
  nakadi: NakadiClient;
  name: string;
  eventTypes: readonly string[];
  options: PublisherOptions<ChaosEvent>;
  events: EventSource;
  random: Random;
  record: (entry: Entry) => Promise<void>;
}

const MOST_LOADS = 4;
/** How often a publisher is stopped and another one takes its place, by load. */
const STOPS = 1 / 30;
/** More than all retries take, so that nothing needs to be given up. */
const DRAIN_MS = 60_000;

interface Told {
  verdict: Verdict;
  /** The publisher was closed before it had done all that it could. */
  givenUp: boolean;
}

/** Sends until `isEnding`, and stops its publishers then. */
export async function sendSingly(parts: SendingParts, isEnding: () => boolean): Promise<void> {
  const { eventTypes, random, name, record, events } = parts;
  const publishers = new Map<string, Publisher<ChaosEvent>>();
  const loads = new Set<Promise<void>>();
  for (let calls = 1; !isEnding(); calls += 1) {
    const eventType = random.pick(eventTypes);
    const publisher = publishers.get(eventType) ?? publisherOf(parts, eventType);
    publishers.set(eventType, publisher);
    const load = events.some();
    const call = `${name} call ${calls}`;
    await record({ kind: "publishing", call, attempt: 1, eventType, ids: load.map(({ id }) => id) });
    const settled = settle(
      call,
      load.map((event) => sent(publisher, event)),
      record,
    );
    loads.add(settled);
    void settled.then(() => loads.delete(settled));
    if (random.chance(STOPS)) {
      // What comes next is sent by another one: its order begins anew when this one has nothing left.
      await stopped(publisher);
      publishers.delete(eventType);
    }
    if (loads.size >= MOST_LOADS) await Promise.race(loads);
  }
  await Promise.all([...publishers.values()].map(stopped));
  await Promise.all(loads);
}

function publisherOf({ nakadi, options }: SendingParts, eventType: string): Publisher<ChaosEvent> {
  return nakadi.publisher<ChaosEvent>(eventType, {
    ...options,
    throwOn: "incomplete",
    partitionKey: ({ key }) => key,
    batching: { maxEvents: 50, lingerMs: 5, maxInFlight: 4 },
  });
}

async function stopped(publisher: Publisher<ChaosEvent>): Promise<void> {
  await publisher.stop({ drainMs: DRAIN_MS });
}

async function sent(publisher: Publisher<ChaosEvent>, event: ChaosEvent): Promise<Told> {
  try {
    return { verdict: await publisher.send(event), givenUp: false };
  } catch (error) {
    const verdict = error instanceof PublishError ? error.verdicts[0] : undefined;
    if (!verdict) throw error;
    return { verdict, givenUp: (error as PublishError).cause?.code === "CLOSED" };
  }
}

async function settle(call: string, sending: readonly Promise<Told>[], record: SendingParts["record"]): Promise<void> {
  const told = await Promise.all(sending);
  await record({
    kind: "published",
    call,
    attempt: 1,
    verdicts: told.map(({ verdict }) => verdict.status),
    twice: told.flatMap(({ verdict }, index) => (verdict.mayBeDuplicated ? [index] : [])),
    givenUp: told.flatMap(({ givenUp }, index) => (givenUp ? [index] : [])),
  });
}
