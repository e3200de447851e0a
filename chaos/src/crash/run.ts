/**
 * A crash run: a broker under load is killed, or its power is cut, again and again, and what is left is held against the
 * history.
 */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { checkCrash } from "../checks/checkers.ts";
import type { Violation } from "../checks/violation.ts";
import { parseHistory } from "../history/line.ts";
import { numberOf } from "../history/places.ts";
import { Recorder } from "../history/recorder.ts";
import type { Plant } from "../plants/plant.ts";
import { BrokerProcess, type FaultPoint } from "../processes/broker-process.ts";
import { Random } from "../random.ts";
import { type AccountParts, partitionsOf, recordPositions, recordStored } from "../account.ts";
import { churn } from "./churn.ts";
import { consume, type LoadParts, publish } from "./load.ts";
import { PowerBroker } from "./power-broker.ts";
import { demand } from "../raw-http.ts";
import { holdsIn, until } from "../waiting.ts";

export interface CrashOptions {
  kills: number;
  seed: number;
  /** The points at which the broker is made to kill itself, by turns; every other kill comes at a random instant. */
  faultPoints: readonly string[];
  plant?: Plant | undefined;
  /** Cuts the power of a broker in this process instead of killing one; `syncs` false plants a disk that does no sync. */
  power?: { syncs: boolean } | undefined;
  /** Called after each kill. */
  progress?: (kills: number) => void;
}

export interface CrashResult {
  violations: Violation[];
  /** Open streams and requests under way, summed over all kills. */
  hits: { streams: number; requests: number };
  /** Kills by where they came: `instant`, or a fault point that was reached. */
  kills: ReadonlyMap<string, number>;
  events: number;
  lines: number;
  /** Where the history is. */
  history: string;
}

const PUBLISHERS = 4;
const CONSUMERS = 2;
const PARTITIONS = 4;
const EVENT_TYPE = "crash.test";
const JUDGE = "judge";
/** A point that is not reached in this time is not on the way of this load. */
const POINT_MS = 30_000;
/** A kill at an instant waits so long for something that it can destroy. */
const TARGET_MS = 30_000;
const LAST_COMMITS_MS = 60_000;
/** A fault comes at this passage of its point at the latest, at this call to the disk. */
const MOST_PASSAGES = 100;
const MOST_DISK_CALLS = 2_000;

/** @throws {Error} if the broker does not come up, or its consumers never come to the end */
export async function crashRun(options: CrashOptions): Promise<CrashResult> {
  const { kills, seed, faultPoints, plant, power, progress = () => undefined } = options;
  const random = new Random(seed);
  const folder = mkdtempSync(join(tmpdir(), "nakadi-crash-"));
  const recorder = new Recorder(join(folder, "history.ndjson"));
  const process = new BrokerProcess(join(folder, "data"));
  const broker = power ? new PowerBroker(random.fork(), power.syncs) : process;
  await broker.start();
  const subscription = await createLoad(broker.url);
  if (plant) await process.infect(plant);
  const underWay = { streams: 0, requests: 0 };
  const acknowledged = { publishes: 0, commits: 0 };
  const load: LoadParts = { broker, eventType: EVENT_TYPE, subscription, recorder, underWay, acknowledged };
  const [publishing, consuming] = [new AbortController(), new AbortController()];
  const publishers = Array.from({ length: PUBLISHERS }, (_, index) =>
    publish(`publisher ${index + 1}`, load, random.fork(), publishing.signal),
  );
  const consumers = Array.from({ length: CONSUMERS }, (_, index) =>
    consume(`consumer ${index + 1}`, load, random.fork(), consuming.signal),
  );
  const changing = churn(broker, random.fork(), consuming.signal);
  const counts = new Map<string, number>();
  const count = (where: string): void => void counts.set(where, (counts.get(where) ?? 0) + 1);
  const hits = { streams: 0, requests: 0 };
  let armed: FaultPoint | undefined;
  for (let kill = 1; kill <= kills; kill += 1) {
    const reached = armed !== undefined && (await Promise.race([broker.died.then(() => true), sleep(POINT_MS, false)]));
    if (!reached) {
      const before = { ...acknowledged };
      const hasTarget = (): boolean =>
        underWay.streams > 0 && acknowledged.publishes > before.publishes && acknowledged.commits > before.commits;
      await holdsIn(TARGET_MS, hasTarget);
      await sleep(random.between(0, 400));
    }
    const struck = { ...underWay };
    await broker.kill();
    const where = reached && armed ? armed.name : "instant";
    count(where);
    hits.streams += struck.streams;
    hits.requests += struck.requests;
    recorder.record(JUDGE, { kind: "fault", fault: `kill at ${where}`, ...struck });
    armed = kill < kills ? pointAfter(kill, faultPoints, power ? MOST_DISK_CALLS : MOST_PASSAGES, random) : undefined;
    const survived = await broker.start(armed);
    if (armed && !survived) {
      kill += 1;
      count(`${armed.name} during the start`);
      recorder.record(JUDGE, { kind: "fault", fault: `kill at ${armed.name} during the start`, ...underWay });
      armed = undefined;
    }
    await recordPositions({ url: broker.url, recorder, name: JUDGE }, subscription).catch(() => undefined);
    progress(kill);
  }
  publishing.abort();
  const account = { url: broker.url, recorder, name: JUDGE };
  let events = 0;
  try {
    await Promise.all(publishers);
    await until("the last commit", LAST_COMMITS_MS, () => allIsCommitted(account, subscription));
    consuming.abort();
    await Promise.all(consumers);
    events = await recordStored(account, EVENT_TYPE);
  } catch (error) {
    recorder.record(JUDGE, { kind: "stuck", what: String(error) });
  }
  consuming.abort();
  const churned = await changing;
  await broker.stop();
  recorder.end(JUDGE);
  const history = parseHistory(readFileSync(recorder.path, "utf8"));
  return {
    violations: [
      ...checkCrash(history),
      ...churned.map((what): Violation => ({ rule: "lost", seq: history.length, what })),
    ],
    hits,
    kills: counts,
    events,
    lines: history.length,
    history: recorder.path,
  };
}

/**
 * Every other kill comes at a fault point, one after the other: the first time while the broker is under load, later also at its
 * first passages, while it starts.
 */
function pointAfter(kill: number, points: readonly string[], most: number, random: Random): FaultPoint | undefined {
  if (kill % 2 === 0) return undefined;
  const turn = (kill - 1) / 2;
  const name = points[turn % points.length];
  if (name === undefined) return undefined;
  return { name, nth: turn < points.length ? random.between(20, 100) : Math.round(most ** random.next()) };
}

async function allIsCommitted(account: AccountParts, subscription: string): Promise<boolean> {
  const newest = new Map((await partitionsOf(account.url, EVENT_TYPE)).map((one) => [one.partition, one]));
  const positions = await recordPositions(account, subscription);
  return positions.every(
    ({ partition, offset }) => numberOf(offset) === numberOf(newest.get(partition)?.newest_available_offset ?? ""),
  );
}

async function createLoad(url: string): Promise<string> {
  const dispatcher = new Agent();
  await demand(dispatcher, {
    method: "POST",
    url: `${url}/event-types`,
    json: {
      name: EVENT_TYPE,
      owning_application: "crash",
      category: "undefined",
      partition_strategy: "hash",
      partition_key_fields: ["key"],
      schema: { type: "json_schema", schema: "{}" },
      default_statistic: {
        messages_per_minute: 1,
        message_size: 1,
        read_parallelism: PARTITIONS,
        write_parallelism: PARTITIONS,
      },
    },
  });
  const { id } = await demand<{ id: string }>(dispatcher, {
    method: "POST",
    url: `${url}/subscriptions`,
    json: { owning_application: "crash", event_types: [EVENT_TYPE], read_from: "begin" },
  });
  await dispatcher.close();
  return id;
}
