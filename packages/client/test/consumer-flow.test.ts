/** How much a consumer does at a time: several subscriptions and streams, pauses, rates, bounds, turns of the event loop. */
import { describe, expect, it } from "vitest";
import { ScriptedTransport } from "./scripted-transport.ts";
import { Held, type Numbered, numbers, testConsumer } from "./test-consumer.ts";

const idle = { onEvent: (): void => undefined };

it("FA3: two consumers of one event type in one client commit each to its own subscription and stream", async () => {
  const test = testConsumer(idle);
  test.nakadi.consume("other", idle, { commit: "each" });
  await test.settle();
  const [first, second] = test.transport.streams;
  first?.batch(1);
  second?.batch(2);
  await test.settle();
  expect(test.transport.requests.map(({ path, headers }) => [path, headers["x-nakadi-streamid"]])).toEqual([
    ["/subscriptions/s/cursors", first?.id],
    ["/subscriptions/other/cursors", second?.id],
  ]);
  expect(first?.id).not.toBe(second?.id);
});

describe("several streams", () => {
  it("of one consumer: each commits its own, the best state is the consumer's, and a stop ends all", async () => {
    const transport = new ScriptedTransport();
    const test = testConsumer(idle, { streams: 3 }, transport);
    await test.settle();
    const streams = [...transport.streams];
    expect(streams).toHaveLength(3);
    for (const [partition, stream] of streams.entries()) stream.batch(partition, [{ n: partition }], String(partition));
    await test.settle();
    expect(test.commits()).toEqual(streams.map(({ id }, n) => ({ streamId: id, at: [`${n}:${n}`] })));
    transport.onOpen = () => ({ status: 409 });
    streams[0]?.fail();
    streams[1]?.fail();
    await test.pass(1_000, 10);
    expect(test.consumer.state).toBe("streaming");
    streams[2]?.fail();
    await test.pass(1_000, 10);
    expect(test.consumer.state).toBe("waiting-for-slot");
    await test.consumer.stop();
    expect([transport.streams.every(({ closed }) => closed), test.clock.pending]).toEqual([true, 0]);
  });
});

describe("a pause", () => {
  const lane = (partition: string): { event_type: string; partition: string } => ({ event_type: "e", partition });

  it("of a lane lets what runs come to an end and begins nothing of it; others go on", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const server = await test.open();
    server.batch(1, [{ n: 1 }], "0");
    await test.settle();
    test.consumer.pause(lane("0"));
    server.batch(2, [{ n: 2 }], "0");
    server.batch(3, [{ n: 3 }], "1");
    await test.settle();
    held.call(0).end();
    held.call(1).end();
    await test.settle();
    expect([held.seen, test.committed().flat().toSorted()]).toEqual([
      [[1], [3]],
      ["0:1", "1:3"],
    ]);
    test.consumer.resume(lane("0"));
    await test.settle();
    expect(held.seen.at(-1)).toEqual([2]);
  });

  it("of all keeps every lane, also one that comes later; resume without a lane undoes every pause", async () => {
    const seen: number[] = [];
    const test = testConsumer({ onEvent: ({ n }) => void seen.push(n) });
    const server = await test.open();
    test.consumer.pause();
    test.consumer.pause(lane("1"));
    server.batch(1, [{ n: 1 }], "0");
    server.batch(2, [{ n: 2 }], "1");
    await test.settle();
    expect(seen).toEqual([]);
    test.consumer.resume(lane("1"));
    await test.settle();
    expect(seen).toEqual([]);
    test.consumer.resume();
    await test.settle();
    expect([seen, test.committed().flat().toSorted()]).toEqual([
      [1, 2],
      ["0:1", "1:2"],
    ]);
  });

  it("too long is reported before the session is lost, and does not delay a stop", async () => {
    const overdue: number[] = [];
    const test = testConsumer(idle, { onCommitOverdue: ({ waiting }) => void overdue.push(waiting.length) });
    const server = await test.open();
    test.consumer.pause();
    server.batch(1);
    await test.pass(50_000, 1_000);
    expect(overdue).toEqual([1]);
    expect(await test.consumer.stop()).toMatchObject({ drained: true, abandoned: [{ because: "not-begun" }] });
  });
});

describe("a rate", () => {
  it("lets no more events begin in a second than it may, in all lanes together, and nothing is lost by it", async () => {
    const seen: number[] = [];
    const test = testConsumer({ onEvent: ({ n }) => void seen.push(n) }, { maxEventsPerSecond: 10 });
    const server = await test.open();
    for (const partition of ["0", "1"]) server.batch(20, numbers(20), partition);
    await test.settle();
    const counts: number[] = [];
    for (let second = 0; second < 4; second += 1) {
      await test.settle();
      counts.push(seen.length);
      await test.pass(1_000, 50);
    }
    expect(counts).toEqual([10, 20, 30, 40]);
    expect(test.committed().flat().toSorted()).toEqual(["0:20", "1:20"]);
  });
});

describe("what is in flight", () => {
  it.each([
    ["batches", { bufferedBatches: 4 }],
    ["bytes", { bufferedBytes: 4 * '[{"n":1}]'.length }],
  ])("is bounded in %s: the socket is paused, and read again when half of it is done", async (_what, options) => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, options);
    const server = await test.open();
    for (const n of [1, 2, 3, 4, 5, 6]) server.batch(n);
    await test.settle();
    const states: unknown[] = [];
    for (let n = 0; n < 6; n += 1) {
      states.push([test.consumer.health().backlog.batches, server.paused]);
      held.call(n).end();
      await test.settle();
    }
    expect(states).toEqual([
      [4, true],
      [4, true],
      [4, true],
      [3, true],
      [2, false],
      [1, false],
    ]);
    expect([held.seen.flat(), test.consumer.health().backlog]).toEqual([[1, 2, 3, 4, 5, 6], { batches: 0, bytes: 0 }]);
  });

  it("is bounded for all streams together", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { streams: 2, bufferedBatches: 4 });
    await test.settle();
    const [one, other] = test.transport.streams;
    for (const n of [1, 2, 3, 4, 5]) one?.batch(n, [{ n }], "0");
    other?.batch(6, [{ n: 6 }], "1");
    await test.settle();
    expect([one?.paused, other?.paused, test.consumer.health().backlog.batches]).toEqual([true, true, 4]);
    for (let n = 0; n < 6; n += 1) {
      held.call(n).end();
      await test.settle();
    }
    expect(held.seen.flat().toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("of a session that is gone is let go of, but for what a handler still has", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const server = await test.open();
    for (const n of [1, 2, 3]) server.batch(n);
    await test.settle();
    server.fail();
    expect(test.consumer.health().backlog.batches).toBe(1);
    held.call(0).end();
    await test.settle();
    expect(test.consumer.health().backlog).toEqual({ batches: 0, bytes: 0 });
  });
});

it("the event loop has its turns while a large batch is parsed", async () => {
  let turns = 0;
  let sentAt = 0;
  let counting = true;
  const handled = new Promise<number>((resolve) => {
    const test = testConsumer({ onBatch: () => resolve(turns) });
    // Tens of milliseconds of parsing on any machine.
    const filler = "x".repeat(1_000);
    const events = Array.from({ length: 20_000 }, (_, n): Numbered => ({ n, key: filler }));
    void test.open().then((server) => {
      sentAt = turns;
      server.batch(1, events);
    });
  });
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  count();
  expect((await handled) - sentAt).toBeGreaterThan(2);
  counting = false;
});

it("a long line lets the socket rest for its own turns only, also where much is being handled", async () => {
  const held = new Held();
  const test = testConsumer({ onBatch: held.onBatch }, { bufferedBatches: 5 });
  const server = await test.open();
  for (const partition of ["0", "1"]) server.batch(1, numbers(1), partition);
  // Members in no usual order, so that each byte is looked at: tens of milliseconds on any machine.
  const events = Array.from({ length: 100_000 }, () => ({ n: 1, tags: ["x"], other: ["y"] }));
  server.batch(1, events, "2");
  expect(server.paused).toBe(true);
  await expect.poll(() => held.calls.length, { timeout: 15_000 }).toBe(3);
  // There is room for two more, though not for half of all.
  expect(server.paused).toBe(false);
});
