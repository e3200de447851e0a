/**
 * `nakadi demo`: a broker, real earthquakes, two consumers that share a subscription, a connection cut in the middle of a
 * line, and an account of every event at the end.
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
import { Child } from "./child.ts";
import { Consumers } from "./consumers.ts";
import { type Display, displayFor } from "./display.ts";
import { type EarthquakeEvent, EVENT_TYPE, EVENT_TYPE_NAME, readEarthquakes } from "./earthquakes.ts";
import { parseJournal } from "./journal.ts";
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

  const { broker, url } = await startBroker(endings, signal);
  tell(`a broker listens on ${url}`);
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
  await orFailure(bothRead(nakadi, id, signal), broker, consumers);
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
  await orFailure(
    publish(nakadi, events, state.published, tell, () => proxy.cutInsideLine(), signal),
    broker,
    consumers,
  );
  const lag = await orFailure(drained(nakadi, id, signal), broker, consumers);
  watching.abort();
  await watch;
  await consumers.end();

  const journals = await Promise.all(consumers.files.map(async (file) => parseJournal(await readFile(file, "utf8"))));
  const account = accountOf(state.published, journals, lag);
  return { account, faults: faultsOf(account, events.length, proxy.hits("cutInsideLine").streams) };
}

async function startBroker(endings: Ending[], signal: AbortSignal): Promise<{ broker: Child; url: string }> {
  let ready: (url: string) => void = () => undefined;
  const listening = new Promise<string>((resolve) => (ready = resolve));
  const broker = new Child("broker", ["broker", "--port", "0", "--end-with-stdin"], (line) => {
    const [, url] = /listening on (\S+)/.exec(line) ?? [];
    if (url !== undefined) ready(url);
  });
  endings.push(() => broker.end());
  return { broker, url: await Promise.race([listening, broker.died, aborted(signal)]) };
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

/** @param cut called after the first third */
async function publish(
  nakadi: NakadiClient,
  events: readonly EarthquakeEvent[],
  published: string[],
  tell: (text: string) => void,
  cut: () => void,
  signal: AbortSignal,
): Promise<void> {
  const publisher = nakadi.publisher<EarthquakeEvent>(EVENT_TYPE_NAME);
  let cutDone = false;
  for (let at = 0; at < events.length; at += BATCH) {
    const batch = events.slice(at, at + BATCH);
    await publisher.publish(batch, { signal });
    published.push(...batch.map(({ metadata }) => metadata.eid));
    if (!cutDone && published.length * 3 >= events.length) {
      cutDone = true;
      cut();
      tell(`${published.length} published: the connection of consumer 1 is cut in the middle of its next line`);
    }
    await pause(PACE_MS, undefined, { signal });
  }
  tell(`all ${published.length} earthquakes are published`);
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

/** Redraws the live view until told to stop; where nobody watches it does nothing. */
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
    display.show({ total, published: state.published.length, handled, eventsPerSecond, partitions, strongest, news });
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

function orFailure<T>(work: Promise<T>, broker: Child, consumers: Consumers): Promise<T> {
  return Promise.race([work, broker.died, consumers.died]);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

const NEXT = `
Try next:
  npx nakadi broker                                   a broker of your own, on http://127.0.0.1:8080
  curl http://127.0.0.1:8080/event-types              what is there
  README.md                                           the first event in a minute, with curl and with the library
`;

function report(account: Account, faults: readonly string[]): string {
  const rows: [name: string, value: number][] = [
    ["published", account.published],
    ["delivered", account.delivered],
    ["distinct", account.distinct],
    ["out of order", account.outOfOrder],
    ["lost", account.lost],
    ["committed again", account.committedAgain],
    ["reconnects", account.reconnects],
    ["lag", account.lag],
  ];
  const table = rows
    .map(([name, value]) => `  ${name.padEnd(16)} ${value.toLocaleString("en").padStart(6)}\n`)
    .join("");
  const verdict =
    faults.length === 0
      ? "Every event was handled and committed.\n"
      : `The account is not clean:\n${faults.map((fault) => `  ${fault}\n`).join("")}`;
  return `\nThe account, from what the consumers wrote down:\n${table}${verdict}${faults.length === 0 ? NEXT : ""}`;
}
