/** Handlers that take longer than the commit timeout, and sessions that come to nothing. */
import { describe, expect, it } from "vitest";
import { type ConsumerOptions, type HandlerContext, NakadiError, TimeoutError } from "../src/index.ts";
import type { ScriptedStream } from "./scripted-transport.ts";
import { Held, type Numbered, numbers, testConsumer, type TestConsumer } from "./test-consumer.ts";

const LIMIT = { commitTimeoutSeconds: 1 };
const SKIP: ConsumerOptions<Numbered> = { ...LIMIT, failure: { retry: { attempts: 3 }, onExhausted: "skip" } };

/** A session in which no commit arrives before the commit timeout. */
async function losing(test: TestConsumer, send: (stream: ScriptedStream) => void): Promise<void> {
  const stream = await test.open();
  send(stream);
  await test.pass(1_000, 100);
  if (!stream.closed) stream.end();
  await test.pass(100, 20);
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

describe("a handler that takes longer than the commit timeout", () => {
  it.each(["onBatch", "onEvent"] as const)(
    "counts as a failed try in %s: told, tried again in the next session, and skipped in the end",
    async (name) => {
      const attempts: number[] = [];
      const handle = (_: unknown, { attempt, signal }: HandlerContext): Promise<void> => {
        attempts.push(attempt);
        return untilAborted(signal);
      };
      const test = testConsumer({ [name]: handle }, SKIP);
      for (let session = 1; session <= 3; session += 1) await losing(test, (stream) => stream.batch(1));
      expect([attempts, test.committed()]).toEqual([[1, 2, 3], []]);
      expect(test.consumer.health()).toMatchObject({ ok: false, status: "stuck", reason: "sessions-without-progress" });
      (await test.open()).batch(1);
      await test.settle();
      expect([attempts, test.committed()]).toEqual([[1, 2, 3], [["0:1"]]]);
      expect(test.consumer.health()).toMatchObject({ ok: true, sessionsWithoutProgress: 0 });
      const told = test.retries.filter(({ error }) => error.code === "HANDLER");
      expect(told.map(({ error }) => (error.cause as Error).message)).toEqual([
        "the handler took longer than the commit timeout, 1000 ms, so the session was lost",
        "the handler took longer than the commit timeout, 1000 ms, so the session was lost",
      ]);
      expect(await test.consumer.stop()).toMatchObject({ skipped: 1, committed: 1, abandoned: [] });
    },
  );

  it("counts also where it returns before the server says that the stream is over", async () => {
    const held = new Held();
    const test = testConsumer(held, SKIP);
    for (let session = 1; session <= 3; session += 1) {
      const stream = await test.open();
      stream.batch(1);
      await test.pass(1_300, 100);
      test.transport.willAnswer({ status: 422 });
      held.call(-1).end();
      await test.settle();
      expect(stream.closed).toBe(true);
      await test.pass(100, 20);
    }
    (await test.open()).batch(1);
    await test.settle();
    expect(held.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(test.committed().at(-1)).toEqual(["0:1"]);
    expect(await test.consumer.stop()).toMatchObject({ skipped: 1 });
  });

  it("fails the consumer by default, with what happened", async () => {
    const test = testConsumer(
      { onBatch: (_, { signal }) => untilAborted(signal) },
      { ...LIMIT, failure: { retry: { attempts: 2 } } },
    );
    const failed = test.consumer.done.catch((error: unknown) => error);
    for (let session = 1; session <= 2; session += 1) await losing(test, (stream) => stream.batch(1));
    (await test.open()).batch(1);
    const error = await failed;
    expect(error).toBeInstanceOf(NakadiError);
    expect(error).toMatchObject({
      code: "HANDLER",
      message: "a handler failed 2 times",
      cause: expect.any(TimeoutError),
    });
    expect(test.committed()).toEqual([]);
  });

  it("is found in its batch by halves, each try in a session of its own, and its neighbours are handled", async () => {
    const seen: number[][] = [];
    const test = testConsumer(
      {
        async onBatch({ events }, { signal }) {
          seen.push(events.map(({ n }) => n));
          if (events.some(({ n }) => n === 2)) await untilAborted(signal);
        },
      },
      { ...LIMIT, failure: { retry: { attempts: 1 }, onExhausted: "skip" } },
    );
    for (let session = 1; session <= 3; session += 1) await losing(test, (stream) => stream.batch(4, numbers(4)));
    (await test.open()).batch(4, numbers(4));
    await test.settle();
    // What was done in a session before is not handled again.
    expect(seen).toEqual([[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]);
    expect(test.committed()).toEqual([["0:4"]]);
    expect(await test.consumer.stop()).toMatchObject({ skipped: 1, batches: 1 });
  });

  it("holds up its key alone: other keys of the batch are handled once", async () => {
    const seen: string[] = [];
    const test = testConsumer(
      {
        async onBatch({ events }, { signal, attempt }) {
          const key = events[0]?.key ?? "";
          seen.push(`${key}${attempt}`);
          if (key === "b") await untilAborted(signal);
        },
      },
      { ...SKIP, key: ({ key = "" }) => key, failure: { retry: { attempts: 2 }, onExhausted: "skip", bisect: false } },
    );
    const events = ["a", "b", "c"].map((key, n) => ({ n, key }));
    for (let session = 1; session <= 2; session += 1) await losing(test, (stream) => stream.batch(3, events));
    (await test.open()).batch(3, events);
    await test.settle();
    expect([seen, test.committed()]).toEqual([["a1", "b1", "c1", "b2"], [["0:3"]]]);
  });

  it("of many events gets further with each session, and none of them is given up", async () => {
    const seen: number[] = [];
    const test = testConsumer(
      {
        onEvent: ({ n }, { signal }) =>
          new Promise((resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason as Error));
            test.clock.schedule(300, () => {
              if (!signal.aborted) seen.push(n);
              resolve();
            });
          }),
      },
      { ...LIMIT, failure: { retry: { attempts: 1 }, onExhausted: "skip" } },
    );
    for (let session = 1; session <= 3; session += 1) await losing(test, (stream) => stream.batch(10, numbers(10)));
    (await test.open()).batch(10, numbers(10));
    await test.pass(900, 100);
    expect([seen, test.committed()]).toEqual([numbers(10).map(({ n }) => n), [["0:10"]]]);
    expect(await test.consumer.stop()).toMatchObject({ skipped: 0 });
  });

  it("goes on counting where more events have come behind it", async () => {
    const attempts: number[] = [];
    const test = testConsumer(
      {
        onBatch(_, { attempt, signal }) {
          attempts.push(attempt);
          return untilAborted(signal);
        },
      },
      SKIP,
    );
    const events = numbers(3).map((one) => ({ ...one, metadata: { eid: `e${one.n}` } }));
    for (let more = 1; more <= 3; more += 1) await losing(test, (stream) => stream.batch(more, events.slice(0, more)));
    expect(attempts).toEqual([1, 2, 3]);
  });

  it("is not the fault of a handler where the connection breaks, or where commits do not go through", async () => {
    const attempts: number[] = [];
    const test = testConsumer(
      {
        onBatch({ cursor }, { attempt, signal }) {
          if (cursor.partition === "1") return undefined;
          attempts.push(attempt);
          return untilAborted(signal);
        },
      },
      SKIP,
    );
    for (let session = 1; session <= 3; session += 1) {
      const stream = await test.open();
      stream.batch(1);
      await test.pass(500, 100);
      stream.fail();
      await test.pass(1_000, 100);
    }
    test.transport.onRequest = () => ({ status: 503 });
    await losing(test, (stream) => {
      stream.batch(1, [{ n: 1 }], "1");
      stream.batch(1);
    });
    await test.pass(5_000, 100);
    (await test.open()).batch(1);
    await test.settle();
    expect(attempts).toEqual([1, 1, 1, 1, 1]);
  });

  it("a sink that takes longer than the commit timeout ends the consumer, and not before it had as many tries", async () => {
    let letters = 0;
    const test = testConsumer(
      {
        onEvent() {
          throw new Error("poison");
        },
      },
      {
        ...LIMIT,
        failure: {
          retry: { attempts: 2, initialDelayMs: 1 },
          onExhausted: "dead-letter",
          deadLetter: (_, { signal }) => {
            letters += 1;
            return untilAborted(signal);
          },
        },
      },
    );
    const failed = test.consumer.done.catch((error: unknown) => error);
    for (let session = 1; session <= 2; session += 1) await losing(test, (stream) => stream.batch(1));
    (await test.open()).batch(1);
    expect(await failed).toMatchObject({
      code: "HANDLER",
      message: "a handler has failed, and its failure was not resolved within the commit timeout",
    });
    expect([letters, test.committed()]).toEqual([2, []]);
  });
});

describe("a stream that ends together with its batch", () => {
  it("is handled to its end, committed with the stream's id, and the back-off starts over", async () => {
    const held = new Held();
    const test = testConsumer(held);
    for (let n = 1; n <= 5; n += 1) {
      const stream = await test.open();
      stream.batch(n, [{ n }]);
      stream.end();
      await test.settle();
      expect(held.call(-1).signal.aborted).toBe(false);
      held.call(-1).end();
      await test.settle();
      expect(test.commits().at(-1)).toEqual({ streamId: stream.id, at: [`0:${n}`] });
      await test.pass(20);
    }
    expect([held.seen, test.retries]).toEqual([[[1], [2], [3], [4], [5]], []]);
    expect(test.consumer.health()).toMatchObject({ ok: true, sessionsWithoutProgress: 0 });
  });

  it("is handled once, also where the batch is redelivered before it is committed", async () => {
    const held = new Held();
    const test = testConsumer(held);
    const first = await test.open();
    first.batch(1);
    first.end();
    await test.pass(20);
    const second = await test.open();
    second.batch(1);
    test.transport.willAnswer({ status: 422 });
    held.call(0).end();
    await test.settle();
    expect(held.seen).toHaveLength(1);
    expect(test.commits()).toEqual([
      { streamId: first.id, at: ["0:1"] },
      { streamId: second.id, at: ["0:1"] },
    ]);
  });

  it("after the server has said that the commit timeout was reached is called off at once, and counts as a failed try", async () => {
    const held = new Held();
    const test = testConsumer(held);
    const first = await test.open();
    first.batch(1);
    await test.settle();
    const cursor = '{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"}';
    first.send(`{"cursor":${cursor},"info":{"debug":"Commit timeout reached"}}\n`);
    first.end();
    expect(held.call(0).signal.aborted).toBe(true);
    held.call(0).end();
    await test.pass(20);
    (await test.open()).batch(1);
    await test.settle();
    expect([held.calls.map(({ attempt }) => attempt), test.commits()]).toEqual([[1, 2], []]);
  });

  it("is called off when the commit timeout is over, and counts as a failed try", async () => {
    const held = new Held();
    const test = testConsumer(held, { ...LIMIT });
    const first = await test.open();
    first.batch(1);
    first.end();
    await test.pass(900, 100);
    expect(held.call(0).signal.aborted).toBe(false);
    await test.pass(100);
    expect(held.call(0).signal.aborted).toBe(true);
    held.call(0).end();
    (await test.open()).batch(1);
    await test.settle();
    expect([held.calls.map(({ attempt }) => attempt), test.commits()]).toEqual([[1, 2], []]);
  });

  it.each([
    ["ends", (stream: ScriptedStream) => stream.end()],
    ["breaks", (stream: ScriptedStream) => stream.fail()],
  ])("causes no hot loop where nothing of it is committed: one that %s", async (_, end) => {
    const test = testConsumer({ onEvent: () => undefined });
    test.transport.onRequest = () => ({ status: 422 });
    for (let round = 0; round < 40; round += 1) {
      const stream = await test.open();
      stream.batch(1);
      end(stream);
      await test.pass(15_000);
    }
    expect(test.retries.at(-1)?.delayMs).toBe(10_000);
    expect(test.consumer.health()).toMatchObject({ ok: false, status: "stuck", reason: "sessions-without-progress" });
  });

  it.each([
    ["says that it took a position which it sends again", 204, ""],
    ["says that it had it before", 200, '{"items":[{"result":"outdated"}]}'],
  ])("causes no hot loop where something in between %s", async (_, status, body) => {
    const test = testConsumer({ onEvent: () => undefined });
    test.transport.onRequest = () => ({ status, body });
    let opened = 0;
    for (let round = 0; round < 60; round += 1) {
      const stream = await test.open().catch(() => undefined);
      if (stream) {
        opened += 1;
        stream.batch(1);
        stream.end();
      }
      await test.pass(1_000, 250);
    }
    expect(opened).toBeLessThan(30);
    expect(test.consumer.health()).toMatchObject({ ok: false, reason: "sessions-without-progress" });
  });
});

describe("health", () => {
  it("tells a stream that opens and ends without a batch from one that is quiet", async () => {
    const test = testConsumer({ onEvent: () => undefined });
    (await test.open()).end();
    await test.pass(20);
    expect(test.consumer.health()).toMatchObject({ ok: true, sessionsWithoutProgress: 1 });
    (await test.open()).keepAlive();
    test.transport.newestStream.end();
    await test.pass(30);
    expect(test.consumer.health()).toMatchObject({ ok: false, status: "stuck", reason: "sessions-without-progress" });
    (await test.open()).keepAlive();
    await test.pass(10_000);
    expect(test.consumer.health()).toMatchObject({ ok: true, status: "idle", sessionsWithoutProgress: 0 });
  });

  it("tells that nothing is committed although batches are done", async () => {
    const test = testConsumer({ onEvent: () => undefined }, { commitTimeoutSeconds: 3 });
    test.transport.onRequest = () => ({ status: 503 });
    const stream = await test.open();
    stream.batch(1);
    await test.pass(2_900, 100);
    expect(test.consumer.health()).toMatchObject({ ok: true, uncommittedMs: 2_900 });
    stream.batch(2);
    await test.pass(200, 100);
    expect(test.consumer.health()).toMatchObject({ ok: false, status: "stuck", reason: "nothing-committed" });
    test.transport.onRequest = () => ({ status: 204 });
    await test.pass(15_000, 100);
    expect(test.consumer.health()).toMatchObject({ ok: true, reason: undefined, uncommittedMs: undefined });
  });
});
