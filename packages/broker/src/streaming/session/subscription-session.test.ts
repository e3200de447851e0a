import { describe, expect, it } from "vitest";
import type { PartitionKey } from "nakadi-storage";
import { streamSettings } from "../../../test/stream-settings.ts";
import type { StreamSettings } from "../stream-parameters.ts";
import type { StreamRecord } from "../reading/record-buffer.ts";
import { type Batch, type SessionOutput, SubscriptionSession } from "./subscription-session.ts";

const textOf = (ordinal: number): string => `@${ordinal}`;
const A: PartitionKey = "et:0";
const B: PartitionKey = "et:1";

function records(from: number, count: number, timestampMs = 0): StreamRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    ordinal: from + index,
    timestampMs,
    value: new Uint8Array(10),
  }));
}

/** A session on partition A (and B) from the beginning, at time 0. */
function streaming(
  settings: Partial<StreamSettings> = {},
  partitions: PartitionKey[] = [A],
  maxBufferBytes = 1_000_000,
) {
  const session = new SubscriptionSession(streamSettings(settings), { maxBufferBytes, nowMs: 0 });
  for (const partition of partitions) session.assign(partition, { at: { ordinal: -1, text: "@-1" }, textOf }, 0);
  return session;
}

function supply(session: SubscriptionSession, partition: PartitionKey, count: number, timestampMs = 0): void {
  const want = session.wanted().find((one) => one.partition === partition);
  if (!want) throw new Error(`${partition} is not wanted`);
  session.received(partition, want.from, {
    records: records(want.from, count, timestampMs),
    next: want.from + count,
  });
}

const batches = (outputs: readonly SessionOutput[]): Batch[] => outputs.filter((output) => output.kind === "batch");
const shape = (outputs: readonly SessionOutput[]) =>
  batches(outputs).map(({ offset, events, debug }) => [offset, events.length, ...(debug === undefined ? [] : [debug])]);

describe("a subscription session", () => {
  it("sends full batches at once and the rest with the flush timeout", () => {
    const session = streaming({ batchLimit: 5, flushMs: 1_000, maxUncommitted: 100 });
    supply(session, A, 12);
    expect(shape(session.advance(0))).toEqual([
      ["@4", 5, "Stream started"],
      ["@9", 5],
    ]);
    expect(session.advance(999)).toEqual([]);
    expect(session.nextDueMs()).toBe(1_000);
    expect(shape(session.advance(1_000))).toEqual([["@11", 2]]);
  });

  it("says that it started with its first line, be it a keep-alive", () => {
    const session = streaming();
    expect(shape(session.advance(30_000))).toEqual([["@-1", 0, "Stream started"]]);
    expect(shape(session.advance(60_000))).toEqual([["@-1", 0]]);
  });

  it("pauses at max_uncommitted_events, keeps alive with the last sent position, and goes on as far as commits allow", () => {
    const session = streaming({ batchLimit: 2, maxUncommitted: 5, flushMs: 1_000 });
    supply(session, A, 12);
    expect(shape(session.advance(0)).map(([offset]) => offset)).toEqual(["@1", "@3", "@4"]);
    expect(session.wanted()).toEqual([]);
    expect(shape(session.advance(1_000))).toEqual([["@4", 0]]);
    session.committed(A, { ordinal: 1, text: "@1" }, 1_100);
    expect(shape(session.advance(1_100))).toEqual([["@6", 2]]);
  });

  it("ends with a message when nothing is committed in time, counted from the first uncommitted event", () => {
    const session = streaming({ commitTimeoutMs: 5_000 });
    session.advance(0);
    supply(session, A, 2);
    session.advance(10_000);
    expect(session.advance(14_999)).toEqual([]);
    expect(session.nextDueMs()).toBe(15_000);
    const outputs = session.advance(15_000);
    expect(shape(outputs)).toEqual([["@1", 0, "Commit timeout reached"]]);
    expect(outputs.at(-1)).toMatchObject({ kind: "end" });
  });

  it("restarts the commit timer with each commit that moves on, on whichever partition, and only then", () => {
    const session = streaming({ commitTimeoutMs: 5_000 }, [A, B]);
    supply(session, A, 1);
    supply(session, B, 1);
    session.advance(0);
    session.committed(A, { ordinal: 0, text: "@0" }, 4_000);
    session.committed(A, { ordinal: 0, text: "@0" }, 8_000);
    expect(session.advance(8_999)).toEqual([]);
    expect(batches(session.advance(9_000)).at(-1)?.debug).toBe("Commit timeout reached");
  });

  it("flushes what is left when its time is up, says so, and waits for the commits", () => {
    const session = streaming({ batchLimit: 100, maxUncommitted: 100, timeoutMs: 2_000 });
    supply(session, A, 4);
    expect(session.advance(0)).toEqual([]);
    expect(shape(session.advance(2_000))).toEqual([
      ["@3", 4, "Stream started"],
      ["@3", 0, "Stream timeout reached"],
    ]);
    expect(session.phase).toBe("closing");
    session.committed(A, { ordinal: 3, text: "@3" }, 3_000);
    expect(session.advance(3_000)).toEqual([{ kind: "end", failed: expect.any(Map) }]);
  });

  it("waits no longer than the commit timeout for the commits of a stream that is over", () => {
    const session = streaming({ commitTimeoutMs: 5_000 });
    supply(session, A, 1);
    session.advance(1_000);
    session.close(undefined);
    expect(session.advance(5_999)).toEqual([]);
    expect(session.nextDueMs()).toBe(6_000);
    expect(session.advance(6_000)).toEqual([{ kind: "end", failed: expect.any(Map) }]);
  });

  it("ends when as many events as its stream limit are committed, and never sends more", () => {
    const session = streaming({ streamLimit: 2, batchLimit: 5 });
    supply(session, A, 10);
    expect(shape(session.advance(0))).toEqual([["@1", 2, "Stream started"]]);
    session.committed(A, { ordinal: 1, text: "@1" }, 10);
    const outputs = session.advance(10);
    expect(shape(outputs)).toEqual([["@1", 0, "Stream limit in events reached: 2"]]);
    expect(outputs.at(-1)).toMatchObject({ kind: "end" });
  });

  it("ends silently when every partition has sent nothing but keep-alives up to the limit", () => {
    const session = streaming({ keepAliveLimit: 2, flushMs: 1_000 }, [A, B]);
    supply(session, B, 1);
    session.advance(0);
    session.committed(B, { ordinal: 0, text: "@0" }, 0);
    session.advance(1_000);
    const outputs = session.advance(2_000);
    expect(batches(outputs)).toHaveLength(2);
    expect(outputs.at(-1)).toMatchObject({ kind: "end" });
  });

  it("gives up a partition at once when all of it is committed, else with the last commit", () => {
    const session = streaming({}, [A, B]);
    supply(session, A, 1);
    session.advance(0);
    session.reassign(A, 100);
    session.reassign(B, 100);
    expect(session.advance(100)).toEqual([{ kind: "release", partition: B }]);
    session.committed(A, { ordinal: 0, text: "@0" }, 200);
    expect(session.advance(200)).toEqual([{ kind: "release", partition: A }]);
  });

  it("sends nothing of a partition that it is about to lose", () => {
    const session = streaming({ batchLimit: 3 }, [A]);
    supply(session, A, 2);
    session.reassign(A, 0);
    expect(session.wanted()).toEqual([]);
    expect(session.advance(0)).toEqual([{ kind: "release", partition: A }]);
  });

  it("closes as a whole when it does not commit what another stream waits for", () => {
    const session = streaming({ commitTimeoutMs: 5_000, maxUncommitted: 100 }, [A, B]);
    supply(session, A, 1);
    supply(session, B, 10);
    session.advance(0);
    session.reassign(A, 1_000);
    for (const [index, atMs] of [2_000, 4_000, 5_500].entries())
      session.committed(B, { ordinal: index, text: textOf(index) }, atMs);
    expect(session.advance(5_999)).toEqual([]);
    session.advance(6_000);
    expect(session.phase).toBe("closing");
  });

  it("goes on behind a commit of what was never sent", () => {
    const session = streaming();
    supply(session, A, 2);
    session.committed(A, { ordinal: 4, text: "@4" }, 0);
    expect(session.advance(0)).toEqual([]);
    expect(session.wanted()[0]?.from).toBe(5);
  });

  it("ends when it has had nothing to read for twice the commit timeout, unless something is about to come", () => {
    const idle = streaming({ commitTimeoutMs: 5_000 }, []);
    expect(idle.nextDueMs()).toBe(10_000);
    expect(idle.advance(10_000)).toEqual([{ kind: "end", failed: expect.any(Map) }]);
    const expecting = streaming({ commitTimeoutMs: 5_000 }, []);
    expecting.expect(true, 0);
    expect(expecting.advance(20_000)).toEqual([]);
  });

  it("collects a span of event time until a later event closes it, whatever the batch limit says", () => {
    const session = streaming({ batchLimit: 100, timespanMs: 2_000, maxUncommitted: 100 });
    supply(session, A, 3, 1_000);
    expect(session.advance(1_000)).toEqual([]);
    supply(session, A, 1, 3_000);
    expect(shape(session.advance(3_000))).toEqual([["@2", 3, "Stream started"]]);
  });

  it("sheds the heaviest partition when batches do not fill within its memory", () => {
    const session = streaming({ batchLimit: 100, maxUncommitted: 100 }, [A, B], 100);
    supply(session, A, 2);
    supply(session, B, 8);
    const [first] = batches(session.advance(0));
    expect([first?.partition, first?.events.length, first?.debug]).toEqual([
      B,
      8,
      "Stream started; Stream parameters are causing overflow",
    ]);
  });

  it("adds no line while the client takes none, and asks for no more than its memory holds", () => {
    const session = streaming({ batchLimit: 1, maxUncommitted: 1_000 }, [A], 100);
    supply(session, A, 10);
    expect(session.advance(60_000, false)).toEqual([]);
    expect(session.wanted()).toEqual([]);
    expect(session.nextDueMs(false)).toBe(3_600_000);
    expect(batches(session.advance(60_000, true))).toHaveLength(10);
  });

  it("serves partitions in turn when the window is smaller than what there is", () => {
    const session = streaming({ maxUncommitted: 1 }, [A, B]);
    supply(session, A, 100);
    supply(session, B, 100);
    const seen: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      const [batch] = batches(session.advance(i));
      if (!batch) throw new Error("nothing was sent");
      seen.push(batch.partition);
      session.committed(batch.partition, { ordinal: batch.events[0]?.ordinal ?? -1, text: batch.offset }, i);
    }
    expect(new Set(seen.slice(0, 2))).toEqual(new Set([A, B]));
    expect(seen.filter((one) => one === A)).toHaveLength(3);
  });

  it("takes nothing in once it is closing", () => {
    const session = streaming();
    supply(session, A, 1);
    session.advance(0);
    session.close(undefined);
    session.assign(B, { at: { ordinal: -1, text: "@-1" }, textOf }, 0);
    expect(session.wanted()).toEqual([]);
    expect(session.partitions.has(B)).toBe(false);
  });
});
