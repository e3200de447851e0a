/** `nakadi lag`: two looks and a table, or look after look. */
import { setTimeout as sleep } from "node:timers/promises";
import { type NakadiClient, NakadiError, type Subscription } from "nakadi-client";
import { anyOf, type Context, type Output, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { describe } from "../../failure.ts";
import { visible } from "../../output/visible.ts";
import type { Format } from "../../output/format.ts";
import { withClient } from "../../settings/connect.ts";
import type { ConnectionFlags } from "../../settings/connection.ts";
import { LiveScreen } from "../../terminal/live-screen.ts";
import { knownSubscription } from "../known-subscription.ts";
import { laneName, type LagView, lagText } from "./lag-text.ts";
import { partitionLags, type Sample, totalLag } from "./measure.ts";
import { Sampler } from "./sampler.ts";

export interface LagFlags {
  watch?: boolean;
  interval: number;
  failOver?: number;
  output: Format;
}

/** Subscriptions that are looked at together. */
const AT_ONCE = 8;
/** What a sparkline shows. */
const HISTORY = 60;

interface Watched {
  subscription: Subscription;
  sampler: Sampler;
  latest: Sample;
  before: Sample | undefined;
  history: readonly (number | undefined)[];
  histories: Map<string, readonly (number | undefined)[]>;
}

export async function runLag(
  context: Context,
  ids: readonly string[],
  flags: LagFlags & ConnectionFlags,
): Promise<ExitCode> {
  return withClient(context, flags, async (nakadi) => {
    const signal = anyOf(context.signal, context.stdout.closed);
    try {
      const subscriptions = await find(nakadi, ids, signal);
      const detailed = ids.length > 0;
      const found = await thoseThere(subscriptions, detailed, (one) => begin(nakadi, one, signal));
      if (flags.watch) return await watch(context, nakadi, found, detailed, flags, signal);
      await sleep(flags.interval * 1_000, undefined, { signal });
      const watched = await thoseThere(found, detailed, (one) => look(one, signal));
      context.stdout.write(await lagText(watched.map(viewOf), detailed, flags.output, widthOf(context.stdout)));
      return verdict(context, watched, flags.failOver);
    } catch (error) {
      const stopped = stopSignalOf(context);
      if (stopped) return exitCodeOf(stopped);
      if (signal.aborted) return EXIT.ok;
      throw error;
    }
  });
}

async function find(nakadi: NakadiClient, ids: readonly string[], signal: AbortSignal): Promise<Subscription[]> {
  if (ids.length > 0) return inGroups(ids, (id) => knownSubscription(nakadi, id, signal));
  const all: Subscription[] = [];
  for await (const subscription of nakadi.subscriptions.list({ signal })) all.push(subscription);
  return all;
}

async function begin(nakadi: NakadiClient, subscription: Subscription, signal: AbortSignal): Promise<Watched> {
  const sampler = new Sampler(nakadi, subscription.id);
  const latest = await sampler.take(signal);
  const one: Watched = {
    subscription,
    sampler,
    latest,
    before: undefined,
    history: [],
    histories: new Map(),
  };
  remember(one);
  return one;
}

async function look(one: Watched, signal: AbortSignal): Promise<Watched> {
  const latest = await one.sampler.take(signal);
  one.before = one.latest;
  one.latest = latest;
  remember(one);
  return one;
}

/**
 * The work on each of them, without those that have been deleted.
 * @param named whether all must be there
 */
async function thoseThere<T>(
  items: readonly T[],
  named: boolean,
  work: (item: T) => Promise<Watched>,
): Promise<Watched[]> {
  const done = await inGroups(items, (item) =>
    work(item).catch((error: unknown) => {
      if (named || !NakadiError.is(error) || error.code !== "NOT_FOUND") throw error;
      return undefined;
    }),
  );
  return done.filter((one) => one !== undefined);
}

function remember(one: Watched): void {
  const { latest, before, histories } = one;
  one.history = [...one.history, totalLag(latest, before).unconsumed].slice(-HISTORY);
  for (const partition of latest.partitions) {
    const name = laneName(partition);
    histories.set(name, [...(histories.get(name) ?? []), partition.unconsumed].slice(-HISTORY));
  }
}

function viewOf({ subscription, latest, before, history, histories }: Watched): LagView {
  return {
    subscription,
    partitions: partitionLags(latest, before),
    total: totalLag(latest, before),
    history,
    histories,
  };
}

/** A server that is away for a moment does not end it: what was seen last stays on the screen, with a word on it. */
async function watch(
  context: Context,
  nakadi: NakadiClient,
  found: readonly Watched[],
  detailed: boolean,
  { interval, output }: LagFlags,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const screen = stdout.isTTY && (output === "table" || output === "wide") ? new LiveScreen(stdout) : undefined;
  let watched = found;
  try {
    for (;;) {
      await sleep(interval * 1_000, undefined, { signal });
      const seen = await orTrouble(lookAgain(nakadi, watched, detailed, signal), signal);
      const trouble = typeof seen === "string" ? seen : undefined;
      if (typeof seen !== "string") watched = seen;
      const text = await lagText(watched.map(viewOf), detailed, output, widthOf(stdout), screen !== undefined);
      if (screen) screen.draw([...text.trimEnd().split("\n"), trouble ?? new Date().toLocaleTimeString("en-GB")]);
      else if (trouble === undefined) stdout.write(text);
      else stderr.write(`nakadi: ${trouble}\n`);
    }
  } finally {
    screen?.end();
  }
}

/** Where none is named, those that are new join, and those that were deleted are gone: a list is one request more. */
async function lookAgain(
  nakadi: NakadiClient,
  watched: readonly Watched[],
  named: boolean,
  signal: AbortSignal,
): Promise<Watched[]> {
  if (named) return thoseThere(watched, named, (one) => look(one, signal));
  const known = new Map(watched.map((one) => [one.subscription.id, one]));
  return thoseThere(await find(nakadi, [], signal), named, (subscription) => {
    const one = known.get(subscription.id);
    return one ? look(one, signal) : begin(nakadi, subscription, signal);
  });
}

/** What there was to see, or for people why nothing was. */
async function orTrouble<T>(seen: Promise<T>, signal: AbortSignal): Promise<T | string> {
  try {
    return await seen;
  } catch (error) {
    if (signal.aborted || !NakadiError.is(error) || !error.retryable) throw error;
    return `${describe(error)}; trying again`;
  }
}

/** Of a person's line; a pipe has none. */
function widthOf({ isTTY, columns }: Output): number | undefined {
  return isTTY ? columns : undefined;
}

function verdict(context: Context, watched: readonly Watched[], failOver: number | undefined): ExitCode {
  if (failOver === undefined) return EXIT.ok;
  let exit: ExitCode = EXIT.ok;
  for (const { subscription, latest, before } of watched) {
    const { unconsumed, leastUnconsumed } = totalLag(latest, before);
    if (unconsumed !== undefined && unconsumed <= failOver) continue;
    // A number that is not known is not 0: a check that must not miss anything fails.
    exit = EXIT.failed;
    const how =
      leastUnconsumed > failOver
        ? `is ${unconsumed === undefined ? "at least " : ""}${leastUnconsumed} events behind, more than ${failOver}`
        : "has partitions that were never read, so it is not known how far it is behind";
    context.stderr.write(`nakadi: subscription ${visible(subscription.id)} ${how}\n`);
  }
  return exit;
}

async function inGroups<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}
