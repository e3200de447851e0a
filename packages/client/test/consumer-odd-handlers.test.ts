/** Handlers that take too long, throw values that are not errors, change their events, or return nonsense. */
import { describe, expect, it } from "vitest";
import { type Consumer, type DeadLetter, TimeoutError } from "../src/index.ts";
import { Held, type Numbered, numbers, QUICK, testConsumer } from "./test-consumer.ts";

describe("a deadline", () => {
  it("aborts the signal at once and is a failure, also if the handler returns as if nothing was", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { handlerTimeoutMs: 1_000, failure: { retry: QUICK } });
    (await test.open()).batch(1);
    await test.pass(1_000);
    expect(held.call(0).signal.reason).toBeInstanceOf(TimeoutError);
    held.call(0).end();
    await test.pass(10);
    expect([held.calls.map(({ attempt }) => attempt), test.committed()]).toEqual([[1, 2], []]);
    held.call(1).end();
    await test.settle();
    expect([test.committed(), test.retries[0]?.error.cause]).toEqual([[["0:1"]], expect.any(TimeoutError)]);
  });

  it("that a handler ignores for as long again fails the consumer: nothing else may run in its lane", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { handlerTimeoutMs: 1_000 });
    const failed = test.consumer.done.catch((error: unknown) => error);
    (await test.open()).batch(1);
    await test.pass(2_000, 1_000);
    await test.pass(10_000);
    expect(await failed).toMatchObject({ code: "HANDLER" });
    expect(held.calls).toHaveLength(1);
  });
});

describe("odd handlers", () => {
  it.each<[string, unknown]>([
    ["a text", "boom"],
    ["nothing", undefined],
    ["null", null],
    ["an object without a prototype", Object.create(null)],
  ])("that throw %s have failed", async (_what, thrown) => {
    const letters: DeadLetter[] = [];
    const test = testConsumer(
      {
        onEvent: () => Promise.reject(thrown),
      },
      {
        failure: {
          retry: { ...QUICK, attempts: 1 },
          onExhausted: "dead-letter",
          deadLetter: (letter) => void letters.push(letter),
        },
      },
    );
    (await test.open()).batch(1);
    await test.settle();
    expect([letters.length, test.committed()]).toEqual([1, [["0:1"]]]);
  });

  it("that reject after their session was lost have no effect", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const server = await test.open();
    server.batch(1);
    await test.settle();
    server.fail();
    held.call(0).fail(new Error("late"));
    await test.pass(100);
    expect([test.consumer.state, test.retries.map(({ error }) => error.code)]).toEqual(["streaming", ["TRANSPORT"]]);
  });

  it("that change their batch change neither the next try nor the dead letter", async () => {
    const seen: Numbered[][] = [];
    const letters: unknown[] = [];
    const test = testConsumer(
      {
        onBatch({ events }) {
          seen.push(structuredClone([...events]));
          (events as Numbered[]).pop();
          for (const event of events) event.n = -1;
          throw new Error("no");
        },
      },
      {
        failure: {
          retry: QUICK,
          onExhausted: "dead-letter",
          deadLetter: ({ event }) => void letters.push(event),
        },
      },
    );
    (await test.open()).batch(2, numbers(2));
    await test.pass(1_000, 10);
    expect(seen.slice(0, 2)).toEqual([numbers(2), numbers(2)]);
    expect([letters, test.committed()]).toEqual([numbers(2), [["0:2"]]]);
  });

  it.each([
    ["the next try", { attempts: 2, initialDelayMs: 10 }],
    ["the policy", { attempts: 1 }],
  ])(
    "a large batch that is parsed anew for %s is handed to no handler when its session ends during that",
    async (_, retry) => {
      const asked: string[] = [];
      const test = testConsumer(
        {
          onBatch() {
            asked.push("handler");
            throw new Error("not now");
          },
        },
        {
          failure: {
            retry,
            onExhausted() {
              asked.push("policy");
              return "stop";
            },
          },
        },
      );
      const server = await test.open();
      // Many turns of parsing on any machine.
      const filler = "x".repeat(1_000);
      const events = Array.from({ length: 20_000 }, (__, n): Numbered => ({ n, key: filler }));
      server.batch(1, events);
      await expect.poll(() => asked, { timeout: 15_000 }).toEqual(["handler"]);
      if (retry.attempts > 1) test.clock.advance(10);
      server.fail();
      await expect.poll(() => test.consumer.health().backlog.batches).toBe(0);
      expect(asked).toEqual(["handler"]);
    },
  );

  it("a large batch that is not JSON fails no handler when its session has ended before", async () => {
    const test = testConsumer({ onBatch: () => undefined });
    const server = await test.open();
    const event = JSON.stringify({ n: 1, key: "x".repeat(1_000) });
    const cursor = '{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"}';
    server.send(`{"cursor":${cursor},"events":[${`${event},`.repeat(10_000)}{"n":oops}]}\n`);
    while (test.consumer.health().backlog.batches === 0) await new Promise((resolve) => setImmediate(resolve));
    server.fail();
    // Each part of the parsing takes one of these turns, and there are far fewer parts.
    for (let round = 0; round < 50; round += 1) await test.settle();
    expect(test.consumer.state).toBe("backing-off");
  });

  it("that return a value which is not an outcome have failed", async () => {
    const test = testConsumer({ onEvent: () => "comit" as "commit" }, { failure: { retry: { attempts: 1 } } });
    const failed = test.consumer.done.catch((error: unknown) => error);
    (await test.open()).batch(1);
    expect(await failed).toMatchObject({
      code: "HANDLER",
      cause: { message: expect.stringContaining("commit, hold or stop") },
    });
    expect(test.committed()).toEqual([]);
  });

  describe("that wait for themselves", () => {
    type Wait = (consumer: Consumer) => Promise<unknown>;
    const WAITS: [what: string, wait: Wait][] = [
      ["consumer.stop()", (consumer) => consumer.stop()],
      ["consumer.done", (consumer) => consumer.done],
      ["consumer.stop()", async (consumer) => consumer[Symbol.asyncDispose]()],
      ["consumer.stop()", (consumer) => new Promise((resolve) => setImmediate(() => resolve(consumer.stop())))],
    ];

    it.each(WAITS)("are refused at once, and fail the consumer: %s", async (what, wait) => {
      const test = testConsumer({ onEvent: async () => void (await wait(test.consumer)) });
      const failed = test.consumer.done.catch((error: unknown) => error);
      (await test.open()).batch(1);
      expect(await failed).toMatchObject({
        code: "CONFIG",
        message: `${what} inside a handler waits for a handler to end: return "stop" instead, or do not await it`,
      });
      expect(test.committed()).toEqual([]);
    });

    it.each(WAITS.filter(([what]) => what !== "consumer.done"))(
      "and go on have asked for a stop: %s",
      async (_, wait) => {
        const refused: unknown[] = [];
        const test = testConsumer({
          onEvent: async () => void (await wait(test.consumer).catch((error: unknown) => refused.push(error))),
        });
        (await test.open()).batch(1);
        expect(await test.consumer.done).toMatchObject({ batches: 1, committed: 1, abandoned: [], drained: true });
        expect(refused).toHaveLength(1);
      },
    );

    it("in a dead-letter sink or the failure policy are refused as well", async () => {
      const test = testConsumer(
        { onEvent: () => Promise.reject(new Error("poison")) },
        {
          failure: {
            retry: { attempts: 1 },
            onExhausted: async () => {
              await test.consumer.stop();
              return "skip" as const;
            },
          },
        },
      );
      const failed = test.consumer.done.catch((error: unknown) => error);
      (await test.open()).batch(1);
      expect(await failed).toMatchObject({ code: "CONFIG", message: expect.stringContaining('return "stop"') });
    });

    it("by closing do not wait: everything is over at once", async () => {
      const test = testConsumer({ onEvent: () => test.nakadi.close() });
      (await test.open()).batch(1);
      expect(await test.consumer.done).toMatchObject({ drained: false });
      expect(test.clock.pending).toBe(0);
    });
  });

  it("a key that is not a text, or a factory that makes no handler, fails the consumer", async () => {
    const keyless = testConsumer({ onEvent: () => undefined }, { key: ({ key }) => key as string });
    const failed = keyless.consumer.done.catch((error: unknown) => error);
    (await keyless.open()).batch(1);
    expect(await failed).toMatchObject({ code: "HANDLER" });

    const handlerless = testConsumer(() => ({}));
    const refused = handlerless.consumer.done.catch((error: unknown) => error);
    (await handlerless.open()).batch(1);
    expect(await refused).toMatchObject({ code: "CONFIG" });
  });
});
