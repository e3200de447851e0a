/** The load that the broker bears while it is killed: publishers and consumers that speak HTTP by hand and write all of it down. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Cursor, laneKey, type LaneKey } from "nakadi-protocol";
import { Agent, request } from "undici";
import type { Recorder } from "../history/recorder.ts";
import type { Random } from "../random.ts";
import { linesOf, send } from "../raw-http.ts";

export interface LoadParts {
  broker: { readonly url: string; readonly up: Promise<void> };
  eventType: string;
  subscription: string;
  recorder: Recorder;
  /** What is under way, so that a kill can say what it hit. */
  underWay: { streams: number; requests: number };
  /** How often so far, so that a kill can wait for something that it destroys. */
  acknowledged: { publishes: number; commits: number };
}

/** Milliseconds between two batches of a publisher, at most. */
const PUBLISH_PAUSE_MS = 20;
const BATCH = 10;
/** An event whose publisher never gives up would never end the run. */
const ATTEMPTS = 1_000;

/** Publishes until it is stopped; each batch is repeated until the broker acknowledges it. */
export async function publish(name: string, parts: LoadParts, random: Random, stopping: AbortSignal): Promise<number> {
  const { broker, eventType, recorder } = parts;
  const dispatcher = new Agent();
  let count = 0;
  for (let call = 1; !stopping.aborted; call += 1) {
    const ids = Array.from({ length: random.between(1, BATCH) }, (_, index) => `${name}-${count + index}`);
    count += ids.length;
    const events = ids.map((id) => ({ id, key: String(random.between(0, 99)) }));
    for (let attempt = 1, taken = false; !taken; attempt += 1) {
      await broker.up;
      const id = `${name} call ${call}`;
      recorder.record(name, { kind: "publishing", call: id, attempt, eventType, ids });
      const answer = await counted(parts, () =>
        send(dispatcher, { method: "POST", url: `${broker.url}/event-types/${eventType}/events`, json: events }),
      );
      taken = answer?.status === 200;
      recorder.record(name, { kind: "published", call: id, attempt, verdicts: taken ? "submitted" : "unknown" });
      if (taken) parts.acknowledged.publishes += 1;
      if (attempt === ATTEMPTS)
        throw new Error(`${name}: the broker never took ${id}, ${answer?.status ?? "no answer"}`);
      if (!taken) await sleep(5);
    }
    await sleep(random.between(0, PUBLISH_PAUSE_MS));
  }
  await dispatcher.close();
  return count;
}

/** Reads and commits until it is stopped, one stream after the other. */
export async function consume(name: string, parts: LoadParts, random: Random, stopping: AbortSignal): Promise<void> {
  const stopped = new Promise((resolve) => {
    stopping.addEventListener("abort", resolve, { once: true });
  });
  for (let turn = 1; !stopping.aborted; turn += 1) {
    await Promise.race([parts.broker.up, stopped]);
    const dispatcher = new Agent();
    try {
      await readStream(name, `${name} stream ${turn}`, parts, random, dispatcher, stopping);
    } catch {
      // The broker was killed; uncommitted events are delivered again.
    }
    await dispatcher.destroy();
    await sleep(5);
  }
}

interface WireLine {
  cursor: Cursor;
  events?: { id: string }[];
}

async function readStream(
  name: string,
  open: string,
  parts: LoadParts,
  random: Random,
  dispatcher: Agent,
  stopping: AbortSignal,
): Promise<void> {
  const { broker, subscription, recorder, underWay } = parts;
  const query = "batch_limit=20&batch_flush_timeout=1&max_uncommitted_events=200&commit_timeout=2";
  recorder.record(name, { kind: "opening", open });
  const { statusCode, headers, body } = await request(`${broker.url}/subscriptions/${subscription}/events?${query}`, {
    dispatcher,
    bodyTimeout: 0,
    signal: stopping,
  });
  if (statusCode !== 200) return body.dump();
  const stream = String(headers["x-nakadi-streamid"]);
  recorder.record(name, { kind: "opened", open, stream });
  underWay.streams += 1;
  try {
    let commits = 0;
    for await (const line of linesOf(body)) {
      const { cursor, events } = JSON.parse(line) as WireLine;
      if (!events) continue;
      const [lane, { offset }] = [laneKey(cursor), cursor];
      recorder.record(name, { kind: "delivered", stream, lane, offset, ids: events.map(({ id }) => id) });
      if (random.chance(0.3)) continue;
      commits += 1;
      await commit(name, `${open} commit ${commits}`, parts, stream, lane, cursor);
    }
  } finally {
    underWay.streams -= 1;
  }
}

const commitAgent = new Agent();

async function commit(
  name: string,
  commit: string,
  parts: LoadParts,
  stream: string,
  lane: LaneKey,
  cursor: Cursor,
): Promise<void> {
  const { broker, subscription, recorder, acknowledged } = parts;
  recorder.record(name, { kind: "committing", commit, stream, cursors: [{ lane, offset: cursor.offset }] });
  const answer = await counted(parts, () =>
    send(commitAgent, {
      method: "POST",
      url: `${broker.url}/subscriptions/${subscription}/cursors`,
      headers: { "x-nakadi-streamid": stream },
      json: { items: [cursor] },
    }),
  );
  if (answer?.status === 204) acknowledged.commits += 1;
  if (answer?.status === 204) recorder.record(name, { kind: "committed", commit, results: ["committed"] });
  else if (answer?.status === 200) recorder.record(name, { kind: "committed", commit, results: ["outdated"] });
  else recorder.record(name, { kind: "not-committed", commit, status: answer?.status ?? null });
}

async function counted<T>({ underWay }: LoadParts, work: () => Promise<T>): Promise<T> {
  underWay.requests += 1;
  try {
    return await work();
  } finally {
    underWay.requests -= 1;
  }
}
