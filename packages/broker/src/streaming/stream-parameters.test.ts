import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../limits.ts";
import { subscriptionStreamRequest } from "./stream-parameters.ts";

const settingsOf = (values: object, random = 0.5) =>
  subscriptionStreamRequest(values, DEFAULT_LIMITS, () => random).settings;

const DEFAULTS = {
  batchLimit: 1,
  streamLimit: Infinity,
  flushMs: 30_000,
  timespanMs: 0,
  timeoutMs: 3_600_000,
  keepAliveLimit: Infinity,
  maxUncommitted: 10,
  commitTimeoutMs: 60_000,
};

describe("the parameters of a stream", () => {
  it("have the server's defaults, and a lifetime by chance from 3000 to 4199 seconds", () => {
    expect(settingsOf({})).toEqual(DEFAULTS);
    expect(settingsOf({}, 0).timeoutMs).toBe(3_000_000);
    expect(settingsOf({}, 0.999_999).timeoutMs).toBe(4_199_000);
  });

  it.each<[values: object, settings: Partial<typeof DEFAULTS>]>([
    [{ batch_flush_timeout: 0 }, { flushMs: 30_000 }],
    [{ batch_flush_timeout: -1 }, { flushMs: 30_000 }],
    [{ batch_flush_timeout: "7" }, { flushMs: 7_000 }],
    [{ stream_timeout: 0 }, { timeoutMs: 3_600_000 }],
    [{ stream_timeout: -5 }, { timeoutMs: 3_600_000 }],
    [{ stream_timeout: 4_201 }, { timeoutMs: 3_600_000 }],
    [{ stream_timeout: 4_200 }, { timeoutMs: 4_200_000 }],
    [{ stream_limit: 0 }, { streamLimit: Infinity }],
    [
      { stream_limit: 1, batch_limit: 5 },
      { streamLimit: 1, batchLimit: 5 },
    ],
    [{ stream_limit: -3 }, { streamLimit: -3 }],
    [{ stream_limit: "9223372036854775807" }, { streamLimit: 2 ** 63 }],
    [{ batch_limit: " +0x10 " }, { batchLimit: 16 }],
    [{ stream_keep_alive_limit: 0 }, { keepAliveLimit: Infinity }],
    [{ stream_keep_alive_limit: 3 }, { keepAliveLimit: 3 }],
    [{ max_uncommitted_events: 0 }, { maxUncommitted: 0 }],
    [{ max_uncommitted_events: -1 }, { maxUncommitted: -1 }],
    [{ commit_timeout: 0 }, { commitTimeoutMs: 60_000 }],
    [{ commit_timeout: 60 }, { commitTimeoutMs: 60_000 }],
    [{ batch_timespan: 2 }, { timespanMs: 2_000 }],
    [{ batch_timespan: -2 }, { timespanMs: 0 }],
    [{ batch_limit: 2_147_483_647 }, { batchLimit: 2_147_483_647 }],
  ])("%j mean %j", (values, settings) => {
    expect(settingsOf(values)).toEqual({ ...DEFAULTS, ...settings });
  });

  it.each<[values: object, status: number]>([
    [{ batch_limit: 0 }, 422],
    [{ commit_timeout: 61 }, 422],
    [{ commit_timeout: -1 }, 422],
    [{ batch_limit: 2_147_483_648 }, 400],
    [{ batch_limit: "many" }, 400],
    [{ stream_timeout: "1.5" }, 400],
    [{ stream_limit: "1e3" }, 400],
    [{ stream_limit: "9223372036854775808" }, 400],
    [{ stream_limit: "-9223372036854775809" }, 400],
    [{ stream_limit: 1e19 }, 400],
    [{ batch_limit: "2147483648" }, 400],
    [{ partitions: "all" }, 400],
    [{ batch_limit: 0, stream_timeout: "soon" }, 400],
    [{ commit_timeout: 61, partitions: "all" }, 400],
  ])("%j are refused with %i", (values, status) => {
    expect(() => settingsOf(values)).toThrow(expect.objectContaining({ status }));
  });
});
