/** Options of streams without a subscription that are wrong, or contradict each other. */
import { expect, it } from "vitest";
import { type ConfigError, type EventTypeStreamOptions, NakadiClient } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";

const hole: unknown[] = [];
hole.length = 1;

it.each<[path: string, options: unknown]>([
  ["options.from", { from: "start" }],
  ["options.from", { from: [] }],
  ["options.from", { from: null }],
  ["options.from", { from: {} }],
  [
    "options.from",
    {
      from: [
        { partition: "0", offset: "1" },
        { partition: "0", offset: "2" },
      ],
    },
  ],
  ["options.from[0].offset", { from: [{ partition: "0" }] }],
  ["options.from[0].offset", { from: [{ partition: "0", offset: "1\r\nx: y" }] }],
  ["options.from.last", { from: { last: 0 } }],
  ["options.from.time", { from: { time: "yesterday" } }],
  ["options.from.of", { from: { time: 0, of: "day" } }],
  ["options.until.time", { until: { time: Number.NaN } }],
  ["options.partitions", { partitions: [] }],
  ["options.partitions[0]", { partitions: [0] }],
  ["options.partitions[0]", { partitions: hole }],
  ["options.from[0].partition", { from: hole }],
  ["options.store", { store: {} }],
  ["options.store", { store: null }],
  ["options.expired", { expired: "skip" }],
  ["options.batchLimit", { batchLimit: 0 }],
  ["options.batchFlushTimeoutSeconds", { batchFlushTimeoutSeconds: 0 }],
  ["options.streamLimit", { batchLimit: 10, streamLimit: 9 }],
  ["options.streamTimeoutSeconds", { streamTimeoutSeconds: 29 }],
  ["options.streamTimeoutSeconds", { streamTimeoutSeconds: 4_201 }],
  ["options.commitTimeoutSeconds", { commitTimeoutSeconds: 5 }],
  ["options.onExpired", { onExpired: 1 }],
  ["options.onProgress", { onProgress: 1 }],
  ["options.retry.initialDelayMs", { retry: { initialDelayMs: 0 } }],
  ["options", null],
])("%s is refused before anything is sent: %j", (path, options) => {
  const transport = new ScriptedTransport();
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport });
  expect(() => nakadi.streamEventType("e", options as EventTypeStreamOptions)).toThrow(
    expect.objectContaining({ code: "CONFIG", path }) as ConfigError,
  );
  expect(transport.requests).toEqual([]);
});
