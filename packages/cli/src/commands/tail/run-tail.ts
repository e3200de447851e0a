/** `nakadi tail`: one stream for each event type, all printed to one output. */
import type { CursorStore, EventType, NakadiClient } from "nakadi-client";
import { eachEvent } from "nakadi-protocol";
import { anyOf, type Context, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { count, rate } from "../../output/quantity.ts";
import { visible } from "../../output/visible.ts";
import { withClient } from "../../settings/connect.ts";
import type { ConnectionFlags } from "../../settings/connection.ts";
import { coloursFor } from "../../terminal/colours.ts";
import { StatusLine } from "../../terminal/status-line.ts";
import { type EventPosition, type EventPrinter, printerFor } from "../reading/event-printer.ts";
import { firstOf } from "../first-of.ts";
import { Interruptions, RETRY } from "../reading/interruptions.ts";
import { demandInLog } from "../reading/log-bounds.ts";
import { parsePlace, type Place, placeText } from "../reading/place.ts";
import { projectionOf, type Selection, selectionOf } from "../reading/selection.ts";
import { type LogPlace, placesIn, sourceNamed } from "../reading/source.ts";
import { readingFailure } from "../reading/reading-failure.ts";
import type { ReadingFlags } from "../reading/reading-flags.ts";
import { Speed } from "./speed.ts";

export interface TailFlags extends ReadingFlags {
  from?: string;
  last?: number;
  follow: boolean;
}

export async function runTail(context: Context, name: string, flags: TailFlags & ConnectionFlags): Promise<ExitCode> {
  const place = placeOf(flags);
  const project = flags.select === undefined ? undefined : projectionOf(flags.select);
  const { stdout } = context;
  return withClient(context, flags, async (nakadi) => {
    const source = await sourceNamed(nakadi, name, context.signal);
    const selected = selectionOf(flags, source.eventTypes);
    const print = await printerFor(flags.output ?? (stdout.isTTY ? "pretty" : "ndjson"), {
      colours: coloursFor(stdout, context),
      terminal: stdout.isTTY ? stdout : undefined,
      project,
      withPosition: flags.withPosition ?? false,
    });
    const places = await placesIn(source, place);
    if (place !== "committed") {
      for (const [eventType, from] of places) {
        const reading = { nakadi, eventType, partitions: flags.partition, signal: context.signal };
        await demandInLog(reading, "--from", from);
      }
    }
    await new Tail(context, nakadi, flags, selected, print).run(places);
    const stopped = stopSignalOf(context);
    return stopped ? exitCodeOf(stopped) : EXIT.ok;
  });
}

function placeOf({ from, last, follow }: TailFlags): Place {
  if (last !== undefined) return { last };
  return parsePlace("--from", from ?? (follow ? "end" : "begin"), Date.now());
}

/** Characters that a slow reader may be behind. */
const UNREAD = 64 * 1024;

class Tail {
  readonly #context: Context;
  readonly #nakadi: NakadiClient;
  readonly #flags: TailFlags;
  readonly #selected: Selection;
  readonly #print: EventPrinter;
  readonly #speed = new Speed(performance.now());
  readonly #status: StatusLine;
  /** Aborted with the error that ends it, or because there is enough. */
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  readonly #positions = new Map<string, EventPosition>();
  #shown = 0;
  /** Characters that were written since the reader was last waited for. */
  #unread = 0;
  #latest: EventPosition | undefined;

  constructor(context: Context, nakadi: NakadiClient, flags: TailFlags, selected: Selection, print: EventPrinter) {
    this.#context = context;
    this.#nakadi = nakadi;
    this.#flags = flags;
    this.#selected = selected;
    this.#print = print;
    const { dim } = coloursFor(context.stderr, context);
    this.#status = new StatusLine(context.stderr, flags.quiet ?? false, () => this.#statusText(), dim);
    this.#signal = anyOf(context.signal, context.stdout.closed, this.#ended.signal);
  }

  /** Until each stream is at its end, or something ends it. */
  async run(places: ReadonlyMap<EventType, LogPlace>): Promise<void> {
    try {
      await Promise.all([...places].map((one) => this.#follow(...one).catch((error: unknown) => this.#fail(error))));
    } finally {
      this.#status.end();
    }
    const { aborted, reason } = this.#ended.signal;
    if (aborted && reason !== ENOUGH) throw reason;
    if (!this.#flags.quiet) this.#say(this.#summary(places.size > 1));
  }

  async #follow({ name }: EventType, from: LogPlace): Promise<void> {
    const { follow, partition } = this.#flags;
    const interruptions = new Interruptions(
      (text) => this.#say(text),
      follow ? undefined : (error) => this.#ended.abort(error),
    );
    // Batches of one event come at once, and name its position.
    const stream = this.#nakadi.streamEventType(name, {
      from,
      batchLimit: 1,
      batchFlushTimeoutSeconds: 1,
      store: this.#store(name),
      expired: Array.isArray(from) ? "fail" : "oldest",
      retry: RETRY,
      onRetry: interruptions.retry,
      onHealthy: interruptions.healthy,
      onExpired: (lost) =>
        this.#say(
          `nakadi: events of ${name} behind ${lost.partition}:${lost.offset} are gone; the oldest that is left follows`,
        ),
      ...(follow ? {} : { until: "end" as const }),
      ...(partition && { partitions: partition }),
    });
    try {
      for (;;) {
        const batch = await stream.nextBatch({ signal: this.#signal });
        if (!batch) return;
        interruptions.progress();
        const { event_type, partition: of, offset } = batch.cursor;
        for (const bytes of eachEvent(batch.raw)) this.#take(bytes, { event_type, partition: of, offset });
        if (this.#unread > UNREAD) {
          await firstOf(this.#context.stdout.drained(), this.#signal, Infinity);
          this.#unread = 0;
        }
      }
    } catch (error) {
      throw readingFailure(error, name, partition !== undefined);
    } finally {
      await stream.close();
    }
  }

  #take(bytes: Uint8Array, position: EventPosition): void {
    if (this.#signal.aborted) return;
    this.#speed.add(1);
    this.#latest = position;
    this.#positions.set(`${position.event_type}/${position.partition}`, position);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    const event = parsed(text);
    if (event === undefined) this.#sayUnreadable(position);
    if (event === undefined ? this.#selects : !this.#selected(event, () => text)) return;
    const printed = this.#print({ position, text, event });
    this.#status.above(() => this.#context.stdout.write(printed));
    this.#unread += printed.length;
    this.#shown += 1;
    if (this.#shown === this.#flags.limit) this.#ended.abort(ENOUGH);
  }

  get #selects(): boolean {
    const { where, key } = this.#flags;
    return where !== undefined || key !== undefined;
  }

  #sayUnreadable({ event_type, partition, offset }: EventPosition): void {
    const becomes = this.#selects ? "it matches nothing" : "it is shown as it was stored";
    this.#say(`nakadi: the event at ${event_type}/${partition}:${offset} is not JSON: ${becomes}`);
  }

  /** Keeps nothing beyond this run; `save` also gets the position at which each partition begins. */
  #store(event_type: string): CursorStore {
    return {
      load: async () => [],
      save: async (_eventType, cursors) => {
        for (const { partition, offset } of cursors) {
          this.#positions.set(`${event_type}/${partition}`, { event_type, partition, offset });
        }
      },
    };
  }

  #fail(error: unknown): void {
    if (!this.#signal.aborted) this.#ended.abort(error);
  }

  #say(text: string): void {
    this.#status.above(() => this.#context.stderr.write(`${visible(text)}\n`));
  }

  #statusText(): string {
    const parts = [
      `${count(this.#speed.total)} events${this.#selects ? `, ${count(this.#shown)} shown` : ""}`,
      `${rate(this.#speed.recent(performance.now()))}/s`,
      ...(this.#latest ? [`at ${this.#latest.event_type}/${placeText([positionOnly(this.#latest)])}`] : ["waiting"]),
    ];
    return parts.join("  ");
  }

  #summary(several: boolean): string {
    const positions = [...this.#positions.values()].map((one) => (several ? one : positionOnly(one)));
    const average = rate(this.#speed.average(performance.now()));
    const goOn = positions.length === 0 ? "" : `; to go on: --from ${placeText(positions)}`;
    return `${count(this.#shown)} of ${count(this.#speed.total)} events shown, ${average} a second${goOn}`;
  }
}

const ENOUGH = Symbol("enough");

/** `undefined` for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function positionOnly({ partition, offset }: EventPosition): { partition: string; offset: string } {
  return { partition, offset };
}
