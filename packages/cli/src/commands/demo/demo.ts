/**
 * `nakadi demo`: a broker on disk, real earthquakes, two consumers that share a subscription, a connection cut in the middle
 * of a line, the broker killed and started again, and an account of every event at the end.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { NakadiClient } from "nakadi-client";
import { FaultProxy } from "nakadi-testing";
import { type Context, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { type Account, accountOf, faultsOf } from "./account.ts";
import { BrokerProcess } from "./broker-process.ts";
import { Consumers } from "./consumers.ts";
import { type Display, displayFor } from "./display.ts";
import { type EarthquakeEvent, EVENT_TYPE, EVENT_TYPE_NAME, readEarthquakes } from "./earthquakes.ts";
import { nowMs, parseJournal } from "./journal.ts";
import { report } from "./report.ts";
import type { PartitionView } from "./view.ts";

const BATCH = 20;
/** Between two batches: all of it takes about eight seconds. */
const PACE_MS = 90;
const LOOK_MS = 250;
/** Nothing that works takes so long. */
const LIMIT_MS = 50_000;

/** What has to be ended whatever happens, last things first. */
type Ending = () => Promise<unknown>;

export async function runDemo(context: Context): Promise<ExitCode> {
  const endings: Ending[] = [];
  const over = new AbortController();
  const stop = (): void => over.abort();
  context.signal.addEventListener("abort", stop, { once: true });
  const limit = setTimeout(
    () => over.abort(new Failure(`the demo did not end within ${LIMIT_MS / 1_000} seconds`)),
    LIMIT_MS,
  );
  const display = displayFor(context.stdout);
  try {
    const { account, faults } = await run(context, display, endings, over.signal);
    display.end();
    context.stdout.write(report(account, faults));
    return faults.length === 0 ? EXIT.ok : EXIT.failed;
  } catch (error) {
    display.end();
    const signal = stopSignalOf(context);
    if (signal) return exitCodeOf(signal);
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    clearTimeout(limit);
    context.signal.removeEventListener("abort", stop);
    for (const end of endings.toReversed()) await end();
  }
}

async function run(
  context: Context,
  display: Display,
  endings: Ending[],
  signal: AbortSignal,
): Promise<{ account: Account; faults: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-demo-"));
  endings.push(() => rm(folder, { recursive: true, force: true }));
  const news: string[] = [];
  const tell = (text: string): void => {
    news.push(text);
    display.news(text);
  };

  const broker = new BrokerProcess(join(folder, "data"));
  endings.push(() => broker.end());
  const url = await Promise.race([broker.start(), aborted(signal)]);
  tell(`a broker listens on ${url}, its data on disk`);
  const nakadi = new NakadiClient({ baseUrl: url });
  endings.push(() => nakadi.close());
  const proxy = await FaultProxy.start(url);
  endings.push(() => proxy.close());

  const events = await readEarthquakes();
  await nakadi.eventTypes.create(EVENT_TYPE, { signal });
  const { id } = await nakadi.subscriptions.ensure(
    { owning_application: "nakadi-demo", event_types: [EVENT_TYPE_NAME], read_from: "begin" },
    { signal },
  );
  const consumers = new Consumers([proxy.url, url], id, (n) => join(folder, `consumer-${n}.ndjson`), tell);
  endings.push(() => consumers.end());
  const untilBothRead = (): Promise<void> => bothRead(nakadi, id, signal);
  await orFailure(untilBothRead(), broker, consumers);
  tell("two consumers share the subscription");

  const state = { published: [] as string[], startedMs: performance.now() };
  const watching = new AbortController();
  const watch = watchProgress(
    context,
    display,
    nakadi,
    id,
    { consumers, state, news, total: events.length },
    watching.signal,
  );
  endings.push(async () => {
    watching.abort();
    await watch;
  });
  let killedMs = Number.POSITIVE_INFINITY;
  let back: Promise<void> = Promise.resolve();
  const incidents: Incident[] = [
    {
      after: 1 / 3,
      async happen(published) {
        proxy.cutInsideLine();
        tell(`${published} published: the connection of consumer 1 is cut in the middle of its next line`);
      },
    },
    {
      after: 3 / 5,
      async happen(published) {
        // What the cut stream held comes back when its commit timeout is over.
        while (consumers.streamsOf(1) < 2) await pause(LOOK_MS, undefined, { signal });
        await untilBothRead();
        tell(`${published} published: the broker is killed (SIGKILL), while publishing goes on`);
        await broker.kill();
        killedMs = nowMs();
        back = (async () => {
          await broker.start();
          tell("the broker is back, on the same directory and port");
          await untilBothRead();
          tell("both consumers read again");
        })();
        // The next incident awaits it; a rejection before that is not unhandled.
        back.catch(() => undefined);
      },
    },
    // The last third finds both of them reading, so that each has something to show.
    { after: 2 / 3, happen: () => back },
  ];
  await orFailure(publish(nakadi, events, { published: state.published, incidents, signal }), broker, consumers);
  tell(`all ${state.published.length} earthquakes are published`);
  const lag = await orFailure(drained(nakadi, id, signal), broker, consumers);
  watching.abort();
  await watch;
  await consumers.end();

  const journals = await Promise.all(consumers.files.map(async (file) => parseJournal(await readFile(file, "utf8"))));
  const account = accountOf(state.published, journals, { lag, killedMs });
  return { account, faults: faultsOf(account, events.length, proxy.hits("cutInsideLine").streams) };
}

/** Both consumers have their share of the partitions, so that everything happens while streams are open. */
async function bothRead(nakadi: NakadiClient, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const partitions = (await nakadi.subscriptions.stats(id, { signal })).flatMap((stats) => stats.partitions);
    const owners = new Set(partitions.filter(({ state }) => state === "assigned").map(({ stream_id }) => stream_id));
    if (owners.size === 2) return;
    await pause(LOOK_MS, undefined, { signal });
  }
}

/** Something that happens once that part of all events, 0 to 1, is published; publishing goes on after it. */
interface Incident {
  after: number;
  happen(published: number): Promise<void>;
}

async function publish(
  nakadi: NakadiClient,
  events: readonly EarthquakeEvent[],
  { published, incidents, signal }: { published: string[]; incidents: readonly Incident[]; signal: AbortSignal },
): Promise<void> {
  const publisher = nakadi.publisher<EarthquakeEvent>(EVENT_TYPE_NAME);
  const ahead = [...incidents];
  for (let at = 0; at < events.length; at += BATCH) {
    const batch = events.slice(at, at + BATCH);
    await publisher.publish(batch, { signal });
    published.push(...batch.map(({ metadata }) => metadata.eid));
    while (ahead[0] && published.length >= events.length * ahead[0].after) {
      await ahead.shift()?.happen(published.length);
    }
    await pause(PACE_MS, undefined, { signal });
  }
}

/** Waits until the broker says that nothing is left to be consumed, and says how much is. */
async function drained(nakadi: NakadiClient, id: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    const stats = await nakadi.subscriptions.stats(id, { signal });
    const lag = stats
      .flatMap(({ partitions }) => partitions)
      .reduce((sum, one) => sum + (one.unconsumed_events ?? 0), 0);
    if (lag === 0) return lag;
    await pause(LOOK_MS, undefined, { signal });
  }
}

interface Watched {
  consumers: Consumers;
  state: { published: readonly string[]; startedMs: number };
  news: readonly string[];
  total: number;
}

/** Redraws the live view until `stop`; without a terminal it does nothing. */
async function watchProgress(
  { stdout }: Context,
  display: Display,
  nakadi: NakadiClient,
  id: string,
  { consumers, state, news, total }: Watched,
  signal: AbortSignal,
): Promise<void> {
  const names = new Map<string, string>();
  while (stdout.isTTY && !signal.aborted) {
    const stats = await nakadi.subscriptions.stats(id).catch(() => []);
    const partitions = stats
      .flatMap((one) => one.partitions)
      .map((one): PartitionView => {
        if (one.stream_id !== "" && !names.has(one.stream_id)) names.set(one.stream_id, `stream ${names.size + 1}`);
        return { partition: one.partition, owner: names.get(one.stream_id) ?? "", lag: one.unconsumed_events ?? 0 };
      });
    const { handled, strongest } = consumers.totals;
    const eventsPerSecond = handled / ((performance.now() - state.startedMs) / 1_000);
    const published = state.published.length;
    display.show({ total, published, delivered: handled, eventsPerSecond, partitions, strongest, news });
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

function orFailure<T>(work: Promise<T>, broker: BrokerProcess, consumers: Consumers): Promise<T> {
  return Promise.race([work, broker.died, consumers.died]);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
