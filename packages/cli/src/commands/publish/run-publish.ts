/** Publishing batch by batch, with a word on each event that was not published. */
import { setTimeout as sleep } from "node:timers/promises";
import { type EventType, type Publisher, type PublisherOptions, rawEvent } from "nakadi-client";
import { type Context, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { withClient } from "../../settings/connect.ts";
import type { ConnectionFlags } from "../../settings/connection.ts";
import { Progress } from "../../terminal/progress.ts";
import { knownEventType } from "../known-event-type.ts";
import { withDryPublisher } from "./dry-run.ts";
import { type EventFile, eventsOf, openFiles, type SourcedEvent } from "./event-source.ts";
import { firstOf } from "../first-of.ts";
import { Tally } from "./tally.ts";

const RETRIES = 20;
/** A server that is away for longer is not waited for. */
const PATIENCE_MS = 20_000;
/** An event that was read waits so long for others to share its request, as those of a slow pipe must. */
const LINGER_MS = 200;

export interface PublishFlags {
  batch: number;
  rate?: number;
  dryRun?: boolean;
  quiet?: boolean;
}

export async function runPublish(
  context: Context,
  eventType: string,
  names: readonly string[],
  flags: PublishFlags & ConnectionFlags,
): Promise<ExitCode> {
  const files = await openFiles(names, context.stdin);
  if (context.stdin.isTTY && files.some(({ chunks }) => chunks === context.stdin)) {
    context.stderr.write("Reading events from the terminal: one JSON object a line, Ctrl-D ends.\n");
  }
  return withClient(context, flags, async (nakadi) => {
    const known = await knownEventType(nakadi, eventType, context.signal);
    const tally = new Tally(context.stderr);
    const options = publisherOptions(known, flags.batch);
    try {
      if (flags.dryRun) {
        await withDryPublisher(known, options, (publisher) => publishAll(context, publisher, files, flags, tally));
      } else {
        await publishAll(context, nakadi.publisher<object>(eventType, options), files, flags, tally);
      }
    } finally {
      if (!flags.quiet) tally.sayTotal(eventType, flags.dryRun === true);
    }
    const signal = stopSignalOf(context);
    if (signal) return exitCodeOf(signal);
    return tally.complete ? EXIT.ok : EXIT.failed;
  });
}

/** Each event that is refused takes a request, so that the others still get through. */
function publisherOptions({ category }: EventType, batch: number): PublisherOptions {
  return { category, throwOn: "never", retry: { attempts: batch + RETRIES, maxElapsedMs: PATIENCE_MS } };
}

async function publishAll(
  context: Context,
  publisher: Publisher<object>,
  files: readonly EventFile[],
  { batch: size, rate, quiet = false }: PublishFlags,
  tally: Tally,
): Promise<void> {
  const total = files.reduce((sum, { bytes }) => sum + (bytes ?? NaN), 0);
  const progress = new Progress(context.stderr, "publishing", quiet);
  const startedMs = performance.now();
  let read = 0;
  let batch: SourcedEvent[] = [];
  let dueMs = Number.POSITIVE_INFINITY;
  const send = async (): Promise<void> => {
    if (batch.length === 0) return;
    const sending = batch;
    batch = [];
    dueMs = Number.POSITIVE_INFINITY;
    if (rate !== undefined) await keepTo(rate, tally.seen, startedMs, context.signal);
    // What was read before an interrupt is published: a pipe does not have it any more.
    const { verdicts, cause } = await publisher.publish(sending.map(({ text }) => rawEvent(text)));
    progress.above(() => tally.add(sending, verdicts));
    // A server that takes nothing any more would keep each batch waiting as long as this one.
    if (cause && verdicts.every(({ status }) => status !== "submitted")) throw cause;
    progress.update(read, total, `${tally.seen} events`);
  };
  try {
    for (const file of files) {
      const events = eventsOf(file, (bytes) => (read += bytes));
      let coming: ReturnType<typeof events.next> | undefined;
      for (;;) {
        // After an interrupt nothing more is read.
        if (!coming && context.signal.aborted) return;
        coming ??= events.next();
        const next = await firstOf(coming, context.signal, dueMs - performance.now());
        if (next === "stopped") return;
        if (next === "late") {
          await send();
          continue;
        }
        coming = undefined;
        if (next.done) break;
        if (batch.length === 0) dueMs = performance.now() + LINGER_MS;
        batch.push(next.value);
        if (batch.length >= Math.min(size, rate ?? size)) await send();
      }
    }
  } finally {
    // What came before a broken line is published too: the line's number then says where to go on.
    await send().finally(() => progress.end());
  }
}

async function keepTo(rate: number, sent: number, startedMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = startedMs + (sent / rate) * 1_000 - performance.now();
  if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
}
