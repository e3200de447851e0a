/** A stream over a scripted transport and a clock that the test moves. */
import { ManualClock } from "nakadi-protocol";
import { onTestFinished } from "vitest";
import { type BatchStream, NakadiClient, type NakadiError, type StreamOptions } from "../src/index.ts";
import { passTime } from "./passing-time.ts";
import { type ScriptedStream, ScriptedTransport } from "./scripted-transport.ts";

export interface TestStream {
  stream: BatchStream<{ n: number }>;
  transport: ScriptedTransport;
  clock: ManualClock;
  nakadi: NakadiClient;
  /** The calls of `onRetry`. */
  retries: { error: NakadiError; delayMs: number }[];
  /** How often `onHealthy` was called. */
  healthy: () => number;
  /** Lets everything happen that needs no time of the clock. */
  settle: () => Promise<void>;
  /** Moves the clock in small steps, and lets everything happen after each. */
  pass: (ms: number, stepMs?: number) => Promise<void>;
  /** The newest stream once it is open. */
  open: () => Promise<ScriptedStream>;
}

/** On a busy machine a step of the client may wait for the next turn of the event loop (`loop-budget.ts`). */
const TURNS = 2;

export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** With the middle of all chances, so that a wait is exactly its plan. */
export function testStream(
  options: StreamOptions = {},
  transport: ScriptedTransport = new ScriptedTransport(),
): TestStream {
  const clock = new ManualClock();
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, clock, random: () => 0.5 });
  const retries: TestStream["retries"] = [];
  let healthy = 0;
  const stream = nakadi.stream<{ n: number }>("s", {
    onRetry: (error, delayMs) => void retries.push({ error, delayMs }),
    onHealthy: () => (healthy += 1),
    ...options,
  });
  onTestFinished(() => nakadi.close());
  return {
    stream,
    transport,
    clock,
    nakadi,
    retries,
    healthy: () => healthy,
    settle,
    pass: (ms, stepMs = ms) => passTime(clock, settle, ms, stepMs),
    async open() {
      await settle();
      return transport.newestStream;
    },
  };
}
