/** `nakadi search`: prints what matches, and exits as grep does. */
import type { NakadiClient } from "nakadi-client";
import { type Context, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { describe, Failure } from "../../failure.ts";
import { count } from "../../output/quantity.ts";
import { visible } from "../../output/visible.ts";
import { withClient } from "../../settings/connect.ts";
import type { ConnectionFlags } from "../../settings/connection.ts";
import { coloursFor } from "../../terminal/colours.ts";
import { Progress } from "../../terminal/progress.ts";
import { firstOf } from "../first-of.ts";
import { printerFor } from "../reading/event-printer.ts";
import { Interruptions, RETRY } from "../reading/interruptions.ts";
import { demandInLog, demandOrder } from "../reading/log-bounds.ts";
import { parsePlace } from "../reading/place.ts";
import { readingFailure } from "../reading/reading-failure.ts";
import { projectionOf, selectionOf } from "../reading/selection.ts";
import { type LogPlace, placesIn, type Source, sourceOf } from "../reading/source.ts";
import type { ReadingFlags } from "../reading/reading-flags.ts";

export interface SearchFlags extends ReadingFlags {
  from: string;
  until: string;
}

/** A clear no; what could not be looked at is 2, as with grep. */
const [NOT_FOUND, TROUBLE] = [EXIT.failed, EXIT.usage];

export async function runSearch(
  context: Context,
  eventType: string,
  flags: SearchFlags & ConnectionFlags,
): Promise<ExitCode> {
  if (flags.where === undefined && flags.key === undefined) {
    throw new Failure("search looks for something: give --where, --key or both. `nakadi tail` shows all", EXIT.usage);
  }
  try {
    return await withClient(context, flags, (nakadi) => searchIn(context, nakadi, eventType, flags));
  } catch (error) {
    throw new Failure(describe(error), TROUBLE);
  }
}

async function searchIn(
  context: Context,
  nakadi: NakadiClient,
  eventType: string,
  flags: SearchFlags,
): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const { partition, quiet = false } = flags;
  const source = await sourceOf(nakadi, eventType, context.signal);
  const print = await printerFor(flags.output ?? (stdout.isTTY ? "pretty" : "ndjson"), {
    colours: coloursFor(stdout, context),
    terminal: stdout.isTTY ? stdout : undefined,
    project: flags.select === undefined ? undefined : projectionOf(flags.select),
    withPosition: flags.withPosition ?? false,
  });
  const [from, until] = await rangeIn(source, flags, nakadi, context.signal);
  const progress = new Progress(stderr, "searching", quiet);
  const say = (text: string): void => progress.above(() => stderr.write(`${visible(text)}\n`));
  const gaveUp = new AbortController();
  const interruptions = new Interruptions(say, (error) => gaveUp.abort(error));
  const signal = AbortSignal.any([context.signal, stdout.closed, gaveUp.signal]);
  let [searched, found, left] = [0, 0, NaN];
  try {
    const selected = selectionOf(flags, source.eventTypes);
    const all = nakadi.search(eventType, (event, raw) => selected(event, () => textOf(raw)), {
      from,
      until,
      signal,
      retry: RETRY,
      onRetry: interruptions.retry,
      onHealthy: interruptions.healthy,
      onProgress: ({ total, remaining, ...so }) => {
        if (remaining !== left) interruptions.progress();
        [searched, left] = [so.searched, remaining];
        progress.update(total - remaining, total, `${count(so.searched)} events, ${count(so.found)} found`);
      },
      onUnreadable: ({ message }) => say(`nakadi: ${message}: it matches nothing`),
      ...(partition && { partitions: partition }),
    });
    for await (const { event, cursor, raw } of all) {
      const printed = print({ position: { event_type: eventType, ...cursor }, text: textOf(raw), event });
      progress.above(() => stdout.write(printed));
      await firstOf(stdout.drained(), signal, Infinity);
      found += 1;
      if (found === flags.limit || signal.aborted) break;
    }
  } catch (error) {
    if (!signal.aborted || gaveUp.signal.aborted) throw readingFailure(error, eventType, partition !== undefined);
  } finally {
    progress.end();
  }
  const stopped = stopSignalOf(context);
  if (stopped) return exitCodeOf(stopped);
  if (!quiet) say(`${found === 0 ? "nothing" : count(found)} found in ${eventType}${looked(searched)}`);
  return found > 0 ? EXIT.ok : NOT_FOUND;
}

function textOf(raw: Uint8Array): string {
  return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("utf8");
}

function looked(searched: number): string {
  return searched > 0 ? `, of ${count(searched)} events` : "";
}

/** @throws {Failure} if one of the places is not in the log of the event type, or nothing is between them */
async function rangeIn(
  source: Source,
  flags: SearchFlags,
  nakadi: NakadiClient,
  signal: AbortSignal,
): Promise<[from: LogPlace, until: LogPlace]> {
  const [eventType] = source.eventTypes;
  const placeIn = async (flag: string, text: string): Promise<LogPlace> =>
    [...(await placesIn(source, parsePlace(flag, text, Date.now()))).values()][0] ?? "begin";
  const [from, until] = [await placeIn("--from", flags.from), await placeIn("--until", flags.until)];
  if (eventType) {
    const reading = { nakadi, eventType, partitions: flags.partition, signal };
    await demandInLog(reading, "--from", from);
    await demandInLog(reading, "--until", until);
    await demandOrder(reading, from, until);
  }
  return [from, until];
}
