/**
 * A consumer of the demo, in a process of its own: reads and commits as it goes, writes each batch down, and tells its
 * parent how far it is. It ends when its standard input does.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { NakadiClient, NakadiError } from "nakadi-client";
import type { Context } from "../../context.ts";
import { EXIT, type ExitCode } from "../../exit-codes.ts";
import type { Earthquake, EarthquakeEvent } from "./earthquakes.ts";
import { type JournalEntry, nowMs } from "./journal.ts";

export interface ConsumerOptions {
  url: string;
  subscription: string;
  /** Where the journal goes. */
  file: string;
}

/** What the parent process reads, a JSON object a line. */
export type Progress =
  | { handled: number; stream: string; strongest: Pick<Earthquake, "mag" | "place"> }
  | { retry: string };

/** Short enough that what a cut stream held comes back while people still watch. */
const COMMIT_TIMEOUT_SECONDS = 3;

export async function runConsumer(context: Context, { url, subscription, file }: ConsumerOptions): Promise<ExitCode> {
  const journal = openSync(file, "a");
  const note = (entry: JournalEntry): void => void writeSync(journal, `${JSON.stringify(entry)}\n`);
  const tell = (progress: Progress): void => context.stdout.write(`${JSON.stringify(progress)}\n`);
  const nakadi = new NakadiClient({ baseUrl: url });
  const stream = nakadi.stream<EarthquakeEvent>(subscription, {
    batchLimit: 20,
    batchFlushTimeoutSeconds: 1,
    maxUncommittedEvents: 100,
    commitTimeoutSeconds: COMMIT_TIMEOUT_SECONDS,
    commitRetry: { maxElapsedMs: 2_000 },
    onRetry: (error) => tell({ retry: error.message }),
  });
  const stop = (): void => void stream.close();
  process.stdin.on("end", stop).on("error", stop).resume();
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const batch of stream) {
      const { partition, offset } = batch.cursor;
      const place = { stream: batch.streamId, partition, offset };
      note({ kind: "handled", atMs: nowMs(), ...place, eids: batch.events.map(({ metadata }) => metadata.eid) });
      tell({ handled: batch.events.length, stream: batch.streamId, strongest: strongestOf(batch.events) });
      try {
        await stream.commit(batch);
        note({ kind: "committed", atMs: nowMs(), ...place });
      } catch (error) {
        // What was not committed is delivered again, by the next stream of this or of another consumer.
        if (!NakadiError.is(error)) throw error;
        tell({ retry: error.message });
      }
    }
  } finally {
    process.stdin.destroy();
    await nakadi.close();
    closeSync(journal);
  }
  return EXIT.ok;
}

function strongestOf(events: readonly EarthquakeEvent[]): Pick<Earthquake, "mag" | "place"> {
  const [first, ...others] = events;
  const strongest = others.reduce<EarthquakeEvent | undefined>(
    (best, one) => (best && best.mag >= one.mag ? best : one),
    first,
  );
  return { mag: strongest?.mag ?? 0, place: strongest?.place ?? "" };
}
