/** When a consumer commits: what handlers answer, the strategies, and what a server makes of it. */
import { describe, expect, it } from "vitest";
import type { CommitStrategy, ConsumerOptions, HandlerOutcome } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { Held, type Numbered, testConsumer } from "./test-consumer.ts";

const idle = { onEvent: (): void => undefined };

/** A handler that answers each number as the test says. */
const answering = (answers: Record<number, HandlerOutcome>): { onEvent: (event: Numbered) => HandlerOutcome } => ({
  onEvent: ({ n }) => answers[n],
});

describe("what a handler answers", () => {
  const seldom: ConsumerOptions<Numbered> = { commit: { every: { batches: 10 } } };

  it("nothing: it is done, and the strategy decides", async () => {
    const test = testConsumer(answering({}), seldom);
    (await test.open()).batch(1);
    await test.settle();
    expect(test.committed()).toEqual([]);
    await test.consumer.stop();
    expect(test.committed()).toEqual([["0:1"]]);
  });

  it("commit: at once, with everything before it", async () => {
    const test = testConsumer(answering({ 2: "commit" }), seldom);
    const server = await test.open();
    for (const n of [1, 2, 3]) server.batch(n);
    await test.settle();
    expect(test.committed()).toEqual([["0:2"]]);
  });

  it("hold: done and no reason to commit; the lane's next commit covers it, a stop does not", async () => {
    const test = testConsumer(answering({ 1: "hold", 3: "hold" }));
    const server = await test.open();
    server.batch(1);
    await test.settle();
    expect(test.committed()).toEqual([]);
    server.batch(2);
    server.batch(3);
    await test.settle();
    const { abandoned, batches } = await test.consumer.stop();
    expect([test.committed(), batches]).toEqual([[["0:2"]], 3]);
    expect(abandoned).toMatchObject([{ offset: "000000000000000003", because: "held" }]);
  });

  it("stop: done and committed, nothing behind it begins, and the consumer stops", async () => {
    const seen: number[] = [];
    const test = testConsumer({
      onEvent({ n }) {
        seen.push(n);
        return n === 2 ? "stop" : undefined;
      },
    });
    const server = await test.open();
    for (const n of [1, 2, 3]) server.batch(n);
    const report = await test.consumer.done;
    expect([seen, test.committed().flat().at(-1), server.closed]).toEqual([[1, 2], "0:2", true]);
    expect(report).toMatchObject({ batches: 2, drained: true, abandoned: [{ because: "not-begun" }] });
  });

  it("of several parts of a batch, one that holds holds the batch", async () => {
    const test = testConsumer(answering({ 1: "hold", 2: "commit" }), { key: ({ key }) => key ?? "" });
    (await test.open()).batch(2, [
      { n: 1, key: "a" },
      { n: 2, key: "b" },
    ]);
    await test.settle();
    expect(test.committed()).toEqual([]);
  });

  it("twice: a promise that settles again changes nothing", async () => {
    const twice = {
      then(resolve: (outcome: undefined) => void, reject: (error: Error) => void) {
        resolve(undefined);
        reject(new Error("and yet"));
        resolve(undefined);
      },
    };
    const test = testConsumer({ onEvent: () => twice as unknown as Promise<void> });
    const server = await test.open();
    for (const n of [1, 2]) server.batch(n);
    await test.settle();
    const report = await test.consumer.stop();
    expect([report, test.retries]).toEqual([expect.objectContaining({ batches: 2, events: 2, abandoned: [] }), []]);
  });
});

describe("manual", () => {
  it("commits what context.commit names, and nothing without it; a stop neither", async () => {
    const test = testConsumer(
      {
        onBatch({ events }, context) {
          if (events[0]?.n === 2) context.commit();
        },
      },
      { commit: "manual" },
    );
    const server = await test.open();
    for (const n of [1, 2, 3]) server.batch(n);
    await test.settle();
    expect(test.committed()).toEqual([["0:2"]]);
    const { abandoned } = await test.consumer.stop();
    expect([test.committed(), abandoned.map(({ because }) => because)]).toEqual([[["0:2"]], ["held"]]);
  });

  it("is gated: nothing behind a key that is not done", async () => {
    const held = new Held();
    const test = testConsumer(
      {
        onBatch(batch, context) {
          context.commit();
          return held.onBatch(batch, context);
        },
      },
      { commit: "manual", key: ({ key }) => key ?? "" },
    );
    const server = await test.open();
    server.batch(1, [{ n: 1, key: "a" }]);
    server.batch(2, [{ n: 2, key: "b" }]);
    await test.settle();
    held.call(1).end();
    await test.settle();
    expect(test.committed()).toEqual([]);
    held.call(0).end();
    await test.settle();
    expect(test.committed()).toEqual([["0:2"]]);
  });

  it("forgets a commit that was asked for in a try that failed", async () => {
    const test = testConsumer(
      {
        onEvent(_event, context) {
          if (context.attempt > 1) return;
          context.commit();
          throw new Error("after all not");
        },
      },
      { commit: "manual" },
    );
    (await test.open()).batch(1);
    await test.pass(1_000, 100);
    expect([test.retries.length, test.committed()]).toEqual([1, []]);
  });
});

describe("strategies", () => {
  it.each<[string, CommitStrategy | undefined, string[][]]>([
    ["each", "each", [["0:1"], ["0:2"], ["0:3"], ["0:4"], ["0:5"]]],
    ["every two batches", { every: { batches: 2 } }, [["0:2"], ["0:4"]]],
    ["every three events", { every: { events: 3 } }, [["0:3"]]],
    ["by default, half of maxUncommittedEvents", undefined, [["0:5"]]],
    ["latestPossible, three quarters of it", "latestPossible", []],
    ["manual", "manual", []],
  ])("%s", async (_what, commit, expected) => {
    const window = { maxUncommittedEvents: 10 };
    const test = testConsumer(idle, { ...window, commit: commit as CommitStrategy });
    const server = await test.open();
    for (const n of [1, 2, 3, 4, 5]) {
      server.batch(n);
      await test.settle();
    }
    expect(test.committed()).toEqual(expected);
  });

  it.each<[string, CommitStrategy | undefined, number]>([
    ["at an interval", { every: { ms: 5_000 } }, 5_000],
    ["by default, a second", undefined, 1_000],
    ["every ten batches, a third of the commit timeout all the same", { every: { batches: 10 } }, 20_000],
    ["latestPossible, two thirds of the commit timeout", "latestPossible", 40_000],
  ])("%s", async (_what, commit, dueMs) => {
    const test = testConsumer(idle, commit === undefined ? { commit: undefined as never } : { commit });
    (await test.open()).batch(1);
    await test.pass(dueMs - 1, 500);
    expect(test.committed()).toEqual([]);
    await test.pass(1);
    expect(test.committed()).toEqual([["0:1"]]);
  });
});

describe("what the server answers", () => {
  it("200: what is outdated is recognised, is not counted as committed, and is not sent again", async () => {
    const test = testConsumer(idle);
    const server = await test.open();
    const items = [
      { cursor: {}, result: "committed" },
      { cursor: {}, result: "outdated" },
    ];
    let answer: (value: { status: number; body?: string }) => void = () => undefined;
    test.transport.onRequest = () => new Promise((resolve) => (answer = resolve));
    server.batch(1, [{ n: 1 }], "2");
    await test.settle();
    server.batch(1, [{ n: 1 }], "0");
    server.batch(1, [{ n: 1 }], "1");
    await test.settle();
    answer({ status: 204 });
    await test.settle();
    answer({ status: 200, body: JSON.stringify({ items }) });
    const report = await test.consumer.stop();
    expect([test.committed(), report.committed, report.abandoned]).toEqual([[["2:1"], ["0:1", "1:1"]], 2, []]);
  });

  it("422 for every lane: the session is lost, its handlers learn it at once, and another stream is opened", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    let answer: (value: { status: number }) => void = () => undefined;
    test.transport.onRequest = () => new Promise((resolve) => (answer = resolve));
    const server = await test.open();
    server.batch(1);
    server.batch(2);
    await test.settle();
    held.call(0).end();
    await test.settle();
    answer({ status: 422 });
    await test.settle();
    expect([held.call(1).signal.aborted, server.closed]).toEqual([true, true]);
    held.call(1).end();
    await test.pass(100);
    expect((await test.open()).id).not.toBe(server.id);
    expect(test.committed()).toEqual([["0:1"]]);
  });

  it("an answer without a result for each cursor is a failure: the commit is sent again", async () => {
    const test = testConsumer(idle, {}, new ScriptedTransport().willAnswer({ status: 200, body: "<html>" }));
    (await test.open()).batch(1);
    await test.pass(10);
    expect([test.committed(), test.retries.map(({ error }) => error.code)]).toEqual([[["0:1"], ["0:1"]], ["PROTOCOL"]]);
  });
});

describe("options that contradict each other are refused with the reason, before anything is sent", () => {
  const handler = (): void => undefined;
  it.each<[path: string, reason: string, options: unknown, given?: unknown]>([
    ["options.commit.every.batches", "maxUncommittedEvents, 1000, or less", { commit: { every: { batches: 2_000 } } }],
    ["options.commit.every.events", "or less", { maxUncommittedEvents: 50, commit: { every: { events: 51 } } }],
    [
      "options.commit.every.ms",
      "less than the commit timeout",
      { commitTimeoutSeconds: 5, commit: { every: { ms: 5_000 } } },
    ],
    ["options.streams", "no two streams", { streams: 2, partitions: [{ event_type: "e", partition: "0" }] }],
    ["options.batchLimit", "maxUncommittedEvents", { batchLimit: 11, maxUncommittedEvents: 10 }],
    ["options.failure.deadLetter", "a sink", { failure: { onExhausted: "dead-letter" } }],
    ["options.failure.onExhausted", "nothing reaches the sink", { failure: { deadLetter: handler } }],
    ["options.failure.bisect", "nothing to halve", { failure: { onExhausted: "skip", bisect: true } }],
    ["options.concurrency", "1 or more", { concurrency: 0 }],
    ["options.streams", "1 or more", { streams: 0 }],
    ["options.maxEventsPerSecond", "1 or more", { maxEventsPerSecond: 0.5 }],
    ["options.handlerTimeoutMs", "1 or more", { handlerTimeoutMs: 0 }],
    ["options.bufferedBytes", "1 or more", { bufferedBytes: 0 }],
    ["options.key", "a function", { key: "key" }],
    ["options.onState", "a function", { onState: true }],
    ["options.metrics.count", "a function", { metrics: { count: 1 } }],
    ["options.commitRetry", "known options", { commitRetry: true }],
    ["options.onBatch", "known options", { onBatch: handler }],
    ["handler", "one of the functions onBatch and onEvent", {}, {}],
    ["handler", "one of the functions onBatch and onEvent", {}, { onBatch: handler, onEvent: handler }],
    ["options.streams", "given once", { streams: 1 }, { onEvent: handler, streams: 2 }],
    ["handler.onevent", "known options", {}, { onevent: handler }],
  ])("%s: %s", (path, reason, options, given = { onEvent: handler }) => {
    const { nakadi, transport } = testConsumer(idle);
    const before = transport.opened.length;
    expect(() => nakadi.consume("s", given as { onEvent: () => void }, options as ConsumerOptions)).toThrow(
      expect.objectContaining({ code: "CONFIG", path, message: expect.stringContaining(reason) }) as Error,
    );
    expect(transport.opened).toHaveLength(before);
  });
});
