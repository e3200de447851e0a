/** A consumer over a scripted transport and a clock that the test moves. */
import { ManualClock } from "nakadi-protocol";
import { onTestFinished } from "vitest";
import {
  type Consumer,
  type ConsumerOptions,
  type Handler,
  type HandlerFactory,
  NakadiClient,
  type NakadiError,
} from "../src/index.ts";
import { passTime } from "./passing-time.ts";
import { type ScriptedStream, ScriptedTransport } from "./scripted-transport.ts";

export interface Numbered {
  n: number;
  key?: string;
}

export interface TestConsumer {
  consumer: Consumer;
  transport: ScriptedTransport;
  clock: ManualClock;
  nakadi: NakadiClient;
  /** The calls of `onRetry`. */
  retries: { error: NakadiError; delayMs: number }[];
  settle: () => Promise<void>;
  /** Moves the clock in small steps, and lets everything happen after each. */
  pass: (ms: number, stepMs?: number) => Promise<void>;
  /** The newest stream once it is open. */
  open: () => Promise<ScriptedStream>;
  /** Offsets of each commit that was sent, as `partition:offset`, with the stream that it named. */
  commits: () => { streamId: string; at: string[] }[];
  /** As `commits`, without streams. */
  committed: () => string[][];
}

/** Events 0, 1, … */
export const numbers = (count: number): Numbered[] => Array.from({ length: count }, (_, n) => ({ n }));

/** Two tries of a handler, a moment apart. */
export const QUICK = { attempts: 2, initialDelayMs: 10, maxDelayMs: 10 };

/** On a busy machine each step of a consumer may take a turn of the event loop. */
const TURNS = 12;

/** Lets everything happen that needs no time, also what waits for its turn of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

type Given = HandlerFactory<Numbered> | (Handler<Numbered> & ConsumerOptions<Numbered>);

/** Commits at once unless told otherwise; with the middle of all chances, so that a wait is exactly its plan. */
export function testConsumer(
  handler: Given,
  options: ConsumerOptions<Numbered> = {},
  transport: ScriptedTransport = new ScriptedTransport(),
  client: Partial<ConstructorParameters<typeof NakadiClient>[0]> = {},
): TestConsumer {
  const clock = new ManualClock();
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, clock, random: () => 0.5, ...client });
  const retries: TestConsumer["retries"] = [];
  const consumer = nakadi.consume<Numbered>("s", handler, {
    onRetry: (error, delayMs) => void retries.push({ error, delayMs }),
    onFailed: () => undefined,
    commit: "each",
    ...options,
  });
  onTestFinished(() => nakadi.close());
  const commits = (): { streamId: string; at: string[] }[] =>
    transport.requests
      .filter(({ path }) => path.endsWith("/cursors"))
      .map(({ headers, body }) => ({
        streamId: headers["x-nakadi-streamid"] ?? "",
        at: (JSON.parse(String(body)) as { items: { partition: string; offset: string }[] }).items.map(
          ({ partition, offset }) => `${partition}:${Number(offset)}`,
        ),
      }));
  return {
    consumer,
    transport,
    clock,
    nakadi,
    retries,
    settle,
    pass: (ms, stepMs = ms) => passTime(clock, settle, ms, stepMs),
    async open() {
      await settle();
      return transport.newestStream;
    },
    commits,
    committed: () => commits().map(({ at }) => at),
  };
}

/** A handler whose calls the test ends one by one, in any order. */
export class Held {
  readonly calls: {
    ns: number[];
    attempt: number;
    signal: AbortSignal;
    stopping: AbortSignal;
    end: (outcome?: Outcome) => void;
    fail: (error: unknown) => void;
  }[] = [];

  readonly onBatch: NonNullable<Handler<Numbered>["onBatch"]> = ({ events }, { attempt, signal, stopping }) =>
    new Promise((end, fail) => {
      this.calls.push({ ns: events.map(({ n }) => n), attempt, signal, stopping, end, fail });
    });

  /** What was handed over so far. */
  get seen(): number[][] {
    return this.calls.map(({ ns }) => ns);
  }

  call(index: number): Held["calls"][number] {
    const call = this.calls.at(index);
    if (!call) throw new Error(`no call ${index}`);
    return call;
  }
}

type Outcome = "commit" | "hold" | "stop" | undefined;
