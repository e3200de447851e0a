/** A stream of an event type over a scripted transport and a clock that the test moves. */
import { ManualClock } from "nakadi-protocol";
import { onTestFinished } from "vitest";
import { type BatchStream, type EventTypeStreamOptions, NakadiClient, type NakadiError } from "../src/index.ts";
import { type ScriptedStream, ScriptedTransport } from "./scripted-transport.ts";
import { settle } from "./test-stream.ts";

export interface TestEventTypeStream {
  stream: BatchStream<{ n: number }>;
  transport: ScriptedTransport;
  clock: ManualClock;
  retries: NakadiError[];
  pass: (ms: number) => Promise<void>;
  open: () => Promise<ScriptedStream>;
  /** The positions of each attempt to open a stream. */
  cursors: () => unknown[];
}

/** An event type of two partitions with 100 events each, whose offsets are numbers. */
export function testEventTypeStream(options: EventTypeStreamOptions = {}): TestEventTypeStream {
  const transport = new ScriptedTransport();
  const clock = new ManualClock();
  transport.onRequest = ({ path, body }) => {
    if (path.endsWith("/partitions")) {
      const partitions = ["0", "1"].map((partition) => ({
        partition,
        oldest_available_offset: "0",
        newest_available_offset: "99",
      }));
      return { status: 200, body: JSON.stringify(partitions) };
    }
    const position = (offset: string): number => (offset === "BEGIN" ? -1 : Number(offset));
    const pairs = JSON.parse(String(body)) as Record<"initial_cursor" | "final_cursor", { offset: string }>[];
    const distances = pairs.map((pair) => ({
      ...pair,
      distance: position(pair.final_cursor.offset) - position(pair.initial_cursor.offset),
    }));
    return { status: 200, body: JSON.stringify(distances) };
  };
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, clock, random: () => 0.5 });
  onTestFinished(() => nakadi.close());
  const retries: NakadiError[] = [];
  const stream = nakadi.streamEventType<{ n: number }>("e", {
    onRetry: (error) => void retries.push(error),
    ...options,
  });
  const rest = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await settle();
  };
  return {
    stream,
    transport,
    clock,
    retries,
    async pass(ms) {
      await rest();
      clock.advance(ms);
      await rest();
    },
    async open() {
      await rest();
      return transport.newestStream;
    },
    cursors: () =>
      transport.opened.map(({ headers }) =>
        Object.fromEntries(
          (JSON.parse(headers["x-nakadi-cursors"] ?? "[]") as { partition: string; offset: string }[]).map(
            ({ partition, offset }) => [partition, offset],
          ),
        ),
      ),
  };
}
