import { describe, expect, it } from "vitest";
import { SessionLostError } from "../src/index.ts";
import { Held, testConsumer } from "./test-consumer.ts";

describe("invariant 3: lanes", () => {
  it("run in parallel, each in the server's order", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const server = await test.open();
    server.batch(1, [{ n: 1 }], "0");
    server.batch(2, [{ n: 2 }], "0");
    server.batch(3, [{ n: 3 }], "1");
    await test.settle();
    expect(held.seen).toEqual([[1], [3]]);
    held.call(1).end();
    await test.settle();
    expect([held.seen, test.committed()]).toEqual([[[1], [3]], [["1:3"]]]);
    held.call(0).end();
    await test.settle();
    expect([held.seen, test.committed()]).toEqual([
      [[1], [3], [2]],
      [["1:3"], ["0:1"]],
    ]);
    held.call(2).end();
    await test.settle();
    expect(test.committed().at(-1)).toEqual(["0:2"]);
  });

  it("run no more handlers at a time than `concurrency`", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { concurrency: 2 });
    const server = await test.open();
    for (const partition of ["0", "1", "2"]) server.batch(Number(partition), [{ n: Number(partition) }], partition);
    await test.settle();
    expect(held.seen).toEqual([[0], [1]]);
    held.call(0).end();
    await test.settle();
    expect(held.seen).toEqual([[0], [1], [2]]);
  });

  it("have a handler of their own where a factory makes it, anew in each session", async () => {
    const made: string[] = [];
    const test = testConsumer((lane) => {
      made.push(`${lane.event_type}:${lane.partition}`);
      return { onEvent: () => undefined };
    });
    const first = await test.open();
    for (const n of [1, 2]) first.batch(n, [{ n }], "0");
    first.batch(3, [{ n: 3 }], "1");
    await test.settle();
    expect(made).toEqual(["e:0", "e:1"]);
    first.fail();
    await test.pass(100);
    (await test.open()).batch(4, [{ n: 4 }], "0");
    await test.settle();
    expect(made).toEqual(["e:0", "e:1", "e:0"]);
  });

  it("with keys run the keys in parallel, each in order, and commit only what has nothing unfinished before it", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { key: ({ key }) => key ?? "" });
    const server = await test.open();
    server.batch(1, [
      { n: 1, key: "a" },
      { n: 2, key: "b" },
      { n: 3, key: "a" },
    ]);
    server.batch(2, [{ n: 4, key: "a" }]);
    server.batch(3, [{ n: 5, key: "c" }]);
    await test.settle();
    expect(held.seen).toEqual([[1, 3], [2], [5]]);
    held.call(1).end();
    held.call(2).end();
    await test.settle();
    expect(test.committed()).toEqual([]);
    held.call(0).end();
    await test.settle();
    expect([held.seen.at(-1), test.committed()]).toEqual([[4], [["0:1"]]]);
    held.call(3).end();
    await test.settle();
    expect(test.committed()).toEqual([["0:1"], ["0:3"]]);
  });
});

describe("invariant 2: commits", () => {
  it("NJ1, KA4: a batch that fails holds its lane, whatever succeeds elsewhere, until it is handled after all", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const server = await test.open();
    server.batch(1, [{ n: 1 }], "0");
    server.batch(2, [{ n: 2 }], "0");
    server.batch(3, [{ n: 3 }], "1");
    await test.settle();
    held.call(0).fail(new Error("the database is away"));
    held.call(1).end();
    await test.settle();
    server.batch(4, [{ n: 4 }], "1");
    await test.settle();
    held.call(2).end();
    await test.settle();
    expect([held.seen, test.committed()]).toEqual([
      [[1], [3], [4]],
      [["1:3"], ["1:4"]],
    ]);
    await test.pass(200);
    expect(held.calls.at(-1)).toMatchObject({ ns: [1], attempt: 2 });
    held.call(3).end();
    await test.settle();
    held.call(4).end();
    await test.settle();
    expect([held.seen.slice(3), test.committed().slice(2)]).toEqual([
      [[1], [2]],
      [["0:1"], ["0:2"]],
    ]);
    expect(test.retries.map(({ error, delayMs }) => [error.code, delayMs])).toEqual([["HANDLER", 200]]);
  });

  it("are one at a time in a session, each with the newest cursor of each lane", async () => {
    const test = testConsumer({ onEvent: () => undefined });
    let answer: (value: { status: number }) => void = () => undefined;
    test.transport.onRequest = () => new Promise((resolve) => (answer = resolve));
    const server = await test.open();
    server.batch(1, [{ n: 1 }], "0");
    await test.settle();
    for (const n of [2, 3]) server.batch(n, [{ n }], "0");
    server.batch(4, [{ n: 4 }], "1");
    await test.settle();
    expect(test.committed()).toEqual([["0:1"]]);
    answer({ status: 204 });
    await test.settle();
    expect(test.committed()).toEqual([["0:1"], ["0:3", "1:4"]]);
  });

  it("that fail for the moment are sent again with what is newest then", async () => {
    const test = testConsumer({ onEvent: () => undefined });
    test.transport.willAnswer({ status: 503 });
    const server = await test.open();
    server.batch(1);
    await test.settle();
    server.batch(2);
    await test.settle();
    expect(test.committed()).toEqual([["0:1"]]);
    await test.pass(10);
    expect([test.committed(), test.retries.map(({ error }) => error.code)]).toEqual([[["0:1"], ["0:2"]], ["SERVER"]]);
  });
});

describe("invariant 1: a session that is over", () => {
  it("GO1: hands over none of the batches that waited, and tells handlers at once", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const first = await test.open();
    for (const n of [1, 2, 3]) first.batch(n, [{ n }]);
    await test.settle();
    first.fail();
    expect(held.call(0).signal.aborted).toBe(true);
    expect(held.call(0).signal.reason).toBeInstanceOf(SessionLostError);
    await test.pass(100);
    const second = await test.open();
    second.batch(1, [{ n: 1 }]);
    await test.settle();
    // The lane waits for its old handler, which has not come to an end.
    expect(held.seen).toEqual([[1]]);
    held.call(0).end();
    await test.settle();
    expect([held.seen, test.commits()]).toEqual([[[1], [1]], []]);
    held.call(1).end();
    await test.settle();
    expect(test.commits()).toEqual([{ streamId: second.id, at: ["0:1"] }]);
  });

  it("counts nothing that its handlers return afterwards: not done, not committed, and their failures are no failures", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const server = await test.open();
    server.batch(1, [{ n: 1 }], "0");
    server.batch(2, [{ n: 2 }], "1");
    await test.settle();
    server.fail();
    held.call(0).end("commit");
    held.call(1).fail(new Error("because of the signal"));
    await test.settle();
    expect([test.commits(), test.retries.map(({ error }) => error.code)]).toEqual([[], ["TRANSPORT"]]);
    expect(await test.consumer.stop()).toMatchObject({ batches: 0, events: 0, abandoned: [] });
  });

  it("has what was done of it committed while the server takes that", async () => {
    const test = testConsumer({ onEvent: () => undefined }, { commit: { every: { ms: 5_000 } } });
    const first = await test.open();
    first.batch(1);
    await test.settle();
    expect(test.commits()).toEqual([]);
    test.transport.willAnswer({ status: 503 });
    first.end();
    await test.pass(10);
    expect(test.commits()).toEqual([
      { streamId: first.id, at: ["0:1"] },
      { streamId: first.id, at: ["0:1"] },
    ]);
  });

  it("of which one lane is refused loses that lane alone: its handler is aborted, the others go on", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    let answer: (value: { status: number }) => void = () => undefined;
    const server = await test.open();
    test.transport.onRequest = () => new Promise((resolve) => (answer = resolve));
    server.batch(0, [{ n: 0 }], "2");
    await test.settle();
    held.call(0).end();
    await test.settle();
    for (const partition of ["0", "1"]) {
      server.batch(1, [{ n: 1 }], partition);
      server.batch(2, [{ n: 2 }], partition);
      server.batch(3, [{ n: 3 }], partition);
    }
    await test.settle();
    held.call(1).end();
    held.call(2).end();
    await test.settle();
    answer({ status: 204 });
    await test.settle();
    expect(test.committed().at(-1)).toEqual(["0:1", "1:1"]);
    test.transport.onRequest = () => ({ status: 204 });
    test.transport.willAnswer({ status: 422 }, { status: 204 });
    answer({ status: 422 });
    await test.settle();
    expect(test.committed().slice(-2)).toEqual([["0:1"], ["1:1"]]);
    expect(held.calls.slice(3).map(({ signal }) => signal.aborted)).toEqual([true, false]);
    held.call(3).end();
    held.call(4).end();
    await test.settle();
    expect([test.committed().at(-1), held.seen.slice(5)]).toEqual([["1:2"], [[3]]]);
    expect(server.closed).toBe(false);
  });
});

describe("invariant 8: stop", () => {
  it("lets running handlers end, begins nothing, commits what is done, frees the slot and reports", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { commit: { every: { ms: 10_000 } } });
    const server = await test.open();
    for (const n of [1, 2]) server.batch(n, [{ n }]);
    server.batch(3, [{ n: 3 }], "1");
    await test.settle();
    held.call(1).end();
    await test.settle();
    const stopped = test.consumer.stop();
    await test.settle();
    expect([test.consumer.state, server.closed, held.call(0).signal.aborted]).toEqual(["draining", false, false]);
    held.call(0).end();
    const report = await stopped;
    expect(report).toMatchObject({ batches: 2, events: 2, committed: 2, drained: true });
    expect(report.abandoned).toEqual([
      { lane: { event_type: "e", partition: "0" }, offset: "000000000000000002", because: "not-begun" },
    ]);
    expect([test.committed(), server.closed, test.clock.pending]).toEqual([[["0:1", "1:3"]], true, 0]);
    expect([await test.consumer.done, test.consumer.state]).toEqual([report, "stopped"]);
  });

  it("is not held up by a handler that never returns", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const server = await test.open();
    server.batch(1, [{ n: 1 }]);
    await test.settle();
    const stopped = test.consumer.stop({ drainMs: 1_000 });
    await test.pass(1_000);
    expect(await stopped).toMatchObject({ drained: false, abandoned: [{ because: "not-done" }] });
    expect([held.call(0).signal.aborted, server.closed, test.clock.pending]).toEqual([true, true, 0]);
  });

  it("GO3: twice is once, and on a silent stream it is at once", async () => {
    const test = testConsumer({ onEvent: () => undefined });
    await test.open();
    const [first, second] = await Promise.all([test.consumer.stop(), test.consumer.stop()]);
    expect(second).toBe(first);
    expect(await test.consumer.stop()).toBe(first);
  });
});
