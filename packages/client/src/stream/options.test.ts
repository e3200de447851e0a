import { describe, expect, it } from "vitest";
import type { ConfigError } from "../errors/nakadi-error.ts";
import { type StreamOptions, streamSettings } from "./options.ts";

describe("options of a stream", () => {
  it("have the original's defaults, and none that is the server's own is sent", () => {
    expect(streamSettings({})).toMatchObject({
      parameters: {},
      retry: { initialDelayMs: 10, maxDelayMs: 10_000 },
      commitMaxElapsedMs: 0,
      bufferedBatches: 10,
      bufferedBytes: 64 * 1024 * 1024,
      maxLineBytes: 256 * 1024 * 1024,
      idleLimitMs: 150_000,
      quietSlotMs: 90_000,
    });
  });

  it.each<[StreamOptions, object]>([
    [{ batchLimit: 1, batchFlushTimeoutSeconds: 30, maxUncommittedEvents: 10, commitTimeoutSeconds: 60 }, {}],
    [{ batchLimit: 100 }, { batch_limit: 100 }],
    [{ batchFlushTimeoutSeconds: 5 }, { batch_flush_timeout: 5 }],
    [{ maxUncommittedEvents: 1_000 }, { max_uncommitted_events: 1_000 }],
    [{ streamLimit: 5 }, { stream_limit: 5 }],
    [{ streamTimeoutSeconds: 600 }, { stream_timeout: 600 }],
    [{ streamKeepAliveLimit: 3 }, { stream_keep_alive_limit: 3 }],
    [{ batchTimespanSeconds: 2 }, { batch_timespan: 2 }],
    [{ commitTimeoutSeconds: 10 }, { commit_timeout: 10 }],
    [{ partitions: [{ event_type: "e", partition: "0" }] }, { partitions: [{ event_type: "e", partition: "0" }] }],
  ])("%j is sent as %j", (options, parameters) => {
    expect(streamSettings(options).parameters).toEqual(parameters);
  });

  it.each([
    [{}, 150_000],
    [{ batchFlushTimeoutSeconds: 100 }, 330_000],
    [{ commitTimeoutSeconds: 5, batchFlushTimeoutSeconds: 1 }, 40_000],
    [{ idleGraceMs: 0 }, 120_000],
  ])("%j takes silence for death after %i ms (invariant 5)", (options, limitMs) => {
    expect(streamSettings(options).idleLimitMs).toBe(limitMs);
  });

  it.each([
    [true, 30_000],
    [false, 0],
    [{}, 30_000],
    [{ maxElapsedMs: 5 }, 5],
  ])("commitRetry %j tries for %i ms", (commitRetry, maxMs) => {
    expect(streamSettings({ commitRetry }).commitMaxElapsedMs).toBe(maxMs);
  });

  it.each<[path: string, options: unknown]>([
    ["options.batchLimit", { batchLimit: 0 }],
    ["options.batchLimit", { batchLimit: 1.5 }],
    ["options.batchLimit", { batchLimit: "10" }],
    ["options.batchLimit", { batchLimit: Number.NaN }],
    ["options.batchLimit", { batchLimit: 2 ** 31 }],
    ["options.batchLimit", { batchLimit: 11, maxUncommittedEvents: 10 }],
    ["options.batchFlushTimeoutSeconds", { batchFlushTimeoutSeconds: 0 }],
    ["options.maxUncommittedEvents", { maxUncommittedEvents: 0 }],
    ["options.streamLimit", { streamLimit: 0 }],
    ["options.streamTimeoutSeconds", { streamTimeoutSeconds: 0 }],
    ["options.streamTimeoutSeconds", { streamTimeoutSeconds: 4_201 }],
    ["options.streamKeepAliveLimit", { streamKeepAliveLimit: 0 }],
    ["options.batchTimespanSeconds", { batchTimespanSeconds: 0 }],
    ["options.commitTimeoutSeconds", { commitTimeoutSeconds: 0 }],
    ["options.commitTimeoutSeconds", { commitTimeoutSeconds: 61 }],
    ["options.partitions", { partitions: [] }],
    ["options.partitions[0].partition", { partitions: [{ event_type: "e" }] }],
    [
      "options.partitions",
      {
        partitions: [
          { event_type: "e", partition: "0" },
          { event_type: "e", partition: "0" },
        ],
      },
    ],
    ["options.retry.maxDelayMs", { retry: { initialDelayMs: 100, maxDelayMs: 10 } }],
    ["options.retry.initialDelayMs", { retry: { initialDelayMs: 0 } }],
    ["options.retry.maxDelayMs", { retry: { maxDelayMs: Number.POSITIVE_INFINITY } }],
    ["options.retry", { retry: 10 }],
    ["options.retry.factor", { retry: { factor: 2 } }],
    ["options.commitRetry.maxElapsedMs", { commitRetry: { maxElapsedMs: 0 } }],
    ["options.commitRetry", { commitRetry: "yes" }],
    ["options.partitions", { partitions: "0" }],
    ["options.partitions[0].event_type", { partitions: [null] }],
    ["options.bufferedBatches", { bufferedBatches: 0 }],
    ["options.bufferedBytes", { bufferedBytes: 0 }],
    ["options.maxLineBytes", { maxLineBytes: -1 }],
    ["options.idleGraceMs", { idleGraceMs: -1 }],
    ["options.onRetry", { onRetry: "log" }],
    ["options.onHealthy", { onHealthy: true }],
    ["options.batchlimit", { batchlimit: 10 }],
    ["options", "fast"],
    ["options", null],
  ])("%s is refused: %j", (path, options) => {
    expect(() => streamSettings(options as StreamOptions)).toThrow(
      expect.objectContaining({ code: "CONFIG", path }) as ConfigError,
    );
  });
});
