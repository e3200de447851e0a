/** Invariant 8: a stop finishes what it can, is bounded, reports, and leaves nothing behind, whatever the consumer is at. */
import { describe, expect, it } from "vitest";
import { type HandlerContext, NakadiError, toEventType } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { Held, type Numbered, numbers, QUICK, testConsumer } from "./test-consumer.ts";

const idle = { onEvent: (): void => undefined };

describe("a stop", () => {
  it.each<[string, ScriptedTransport]>([
    ["waits for a slot", new ScriptedTransport().willOpen({ status: 409 })],
    ["backs off", new ScriptedTransport().willOpen({ status: 503 })],
    ["connects", Object.assign(new ScriptedTransport(), { onOpen: () => new Promise<never>(() => undefined) })],
  ])("of a consumer that %s is at once, and leaves no timer", async (_what, transport) => {
    const test = testConsumer(idle, {}, transport);
    await test.settle();
    const report = { batches: 0, events: 0, committed: 0, abandoned: [], drained: true };
    expect(await test.consumer.stop()).toMatchObject(report);
    expect([test.consumer.state, test.clock.pending]).toEqual(["stopped", 0]);
  });

  it("ends early by its signal: handlers are aborted then", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    (await test.open()).batch(1);
    await test.settle();
    const abort = new AbortController();
    const stopped = test.consumer.stop({ drainMs: 60_000, signal: abort.signal });
    await test.settle();
    expect(held.call(0).signal.aborted).toBe(false);
    abort.abort();
    expect(await stopped).toMatchObject({ drained: false, abandoned: [{ because: "not-done" }] });
    expect(held.call(0).signal.reason).toBeInstanceOf(NakadiError);
  });

  it("aborts the handlers' signal at once: what they return counts, and what they throw is not a failure", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    const server = await test.open();
    server.batch(1, [{ n: 1 }], "0");
    server.batch(2, [{ n: 2 }], "1");
    await test.settle();
    const [first, second] = [held.call(0), held.call(1)];
    expect([first.stopping.aborted, second.stopping.aborted]).toEqual([false, false]);
    const stopped = test.consumer.stop();
    expect([first.stopping.aborted, second.stopping.aborted]).toEqual([true, true]);
    expect([first.signal.aborted, second.signal.aborted]).toEqual([false, false]);
    first.end();
    second.fail(first.stopping.reason);
    expect(await stopped).toMatchObject({ drained: true, committed: 1, abandoned: [{ because: "not-done" }] });
    expect(test.consumer.state).toBe("stopped");
  });

  it("tells a handler that begins behind it, too", async () => {
    const stopping: boolean[] = [];
    const held: (() => void)[] = [];
    const onEvent = async (_event: Numbered, context: HandlerContext): Promise<void> => {
      await new Promise<void>((resolve) => held.push(resolve));
      stopping.push(context.stopping.aborted);
    };
    const test = testConsumer({ onEvent });
    (await test.open()).batch(1, [{ n: 1 }, { n: 2 }]);
    await test.settle();
    const stopped = test.consumer.stop();
    for (let calls = 1; calls <= 2; calls++) {
      held.at(-1)?.();
      await test.settle();
    }
    await stopped;
    expect(stopping).toEqual([true, true]);
  });

  it("with no time to drain aborts handlers at once, and still commits what is done", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { commit: { every: { batches: 5 } } });
    const server = await test.open();
    server.batch(1);
    server.batch(2);
    await test.settle();
    held.call(0).end();
    await test.settle();
    const stopped = test.consumer.stop({ drainMs: 0 });
    await test.pass(1);
    const report = await stopped;
    expect(held.call(1).signal.aborted).toBe(true);
    expect([test.committed(), report.abandoned.map(({ because }) => because)]).toEqual([[["0:1"]], ["not-done"]]);
  });

  it("does not wait for what is to be tried again: that is delivered again", async () => {
    let calls = 0;
    const test = testConsumer({
      onEvent() {
        calls += 1;
        throw new Error("not now");
      },
    });
    (await test.open()).batch(1);
    await test.settle();
    expect(await test.consumer.stop()).toMatchObject({ drained: true, abandoned: [{ because: "not-done" }] });
    expect([calls, test.committed(), test.clock.pending]).toEqual([1, [], 0]);
  });

  it("finishes a batch that has begun, event by event, and begins no other", async () => {
    const seen: number[] = [];
    let release: () => void = () => undefined;
    const test = testConsumer({
      onEvent({ n }) {
        seen.push(n);
        return n === 0 ? new Promise((resolve) => (release = resolve)) : undefined;
      },
    });
    const server = await test.open();
    server.batch(2, [{ n: 0 }, { n: 1 }, { n: 2 }]);
    server.batch(3);
    await test.settle();
    const stopped = test.consumer.stop();
    release();
    expect(await stopped).toMatchObject({ batches: 1, events: 3, abandoned: [{ because: "not-begun" }] });
    expect([seen, test.committed()]).toEqual([[0, 1, 2], [["0:2"]]]);
  });

  it("finishes it as fast as the rate allows, and no faster", async () => {
    const seen: number[] = [];
    const test = testConsumer({ onEvent: ({ n }) => void seen.push(n) }, { maxEventsPerSecond: 1 });
    const server = await test.open();
    server.batch(2, [{ n: 0 }, { n: 1 }, { n: 2 }]);
    await test.settle();
    const stopped = test.consumer.stop();
    await test.pass(1_000, 100);
    expect(seen).toEqual([0, 1]);
    await test.pass(1_000, 100);
    expect(await stopped).toMatchObject({ events: 3, committed: 1, drained: true, abandoned: [] });
    expect(test.clock.pending).toBe(0);
  });

  it("does not wait for the rate where nothing is left to do", async () => {
    const test = testConsumer({ onBatch: () => undefined }, { maxEventsPerSecond: 1 });
    (await test.open()).batch(2, numbers(9));
    await test.settle();
    expect(await test.consumer.stop()).toMatchObject({ events: 9, drained: true });
  });

  it("waits for an unanswered commit for five seconds and no longer, and says what is not known", async () => {
    const test = testConsumer(idle);
    test.transport.onRequest = (_request, signal) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
    const server = await test.open();
    server.batch(1);
    await test.settle();
    const stopped = test.consumer.stop();
    await test.pass(4_999, 1_000);
    expect(test.consumer.state).toBe("draining");
    await test.pass(1);
    expect(await stopped).toMatchObject({ committed: 0, abandoned: [{ because: "not-committed" }] });
    expect([server.closed, test.clock.pending]).toEqual([true, 0]);
  });

  it("sends the last commit again where it fails for the moment", async () => {
    const test = testConsumer(idle, { commit: { every: { batches: 5 } } });
    (await test.open()).batch(1);
    await test.settle();
    test.transport.willAnswer({ status: 503 });
    const stopped = test.consumer.stop();
    await test.pass(10);
    expect([await stopped, test.committed()]).toEqual([
      expect.objectContaining({ committed: 1, abandoned: [] }),
      [["0:1"], ["0:1"]],
    ]);
  });

  it("opens no other stream when its own breaks during the stop, and commits what was done of it", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { commit: { every: { batches: 5 } } });
    const server = await test.open();
    server.batch(1, [{ n: 1 }], "0");
    server.batch(2, [{ n: 2 }], "1");
    await test.settle();
    held.call(0).end();
    await test.settle();
    const stopped = test.consumer.stop();
    await test.settle();
    server.fail();
    held.call(1).end();
    expect(await stopped).toMatchObject({ batches: 1, committed: 1 });
    expect([test.transport.opened.length, test.commits()]).toEqual([1, [{ streamId: server.id, at: ["0:1"] }]]);
  });

  it("from within a handler, without waiting for it, is one that the handler's own batch is part of", async () => {
    const test = testConsumer({ onEvent: () => void test.consumer.stop() });
    (await test.open()).batch(1);
    expect(await test.consumer.done).toMatchObject({ batches: 1, committed: 1, abandoned: [] });
  });

  it("is bounded where a dead-letter sink hangs", async () => {
    const aborted: boolean[] = [];
    const test = testConsumer(
      { onEvent: () => Promise.reject(new Error("poison")) },
      {
        failure: {
          retry: { ...QUICK, attempts: 1 },
          onExhausted: "dead-letter",
          deadLetter: (_letter, { signal }) => {
            signal.addEventListener("abort", () => aborted.push(true));
            return new Promise(() => undefined);
          },
        },
      },
    );
    (await test.open()).batch(1);
    await test.settle();
    const stopped = test.consumer.stop({ drainMs: 1_000 });
    await test.pass(1_000);
    expect([await stopped, aborted]).toEqual([expect.objectContaining({ drained: false }), [true]]);
    expect([test.committed(), test.clock.pending]).toEqual([[], 0]);
  });

  it("is not outlived by a dead letter that is being published", async () => {
    const test = testConsumer(
      { onEvent: () => Promise.reject(new Error("poison")) },
      { failure: { retry: { ...QUICK, attempts: 1 }, onExhausted: "dead-letter", deadLetter: toEventType("dead") } },
    );
    test.transport.onRequest = () => ({ status: 503 });
    (await test.open()).batch(1);
    await test.settle();
    const published = (): number => test.transport.requests.filter(({ path }) => path.includes("/dead")).length;
    expect(published()).toBe(1);
    const stopped = test.consumer.stop({ drainMs: 10 });
    await test.pass(10);
    expect([await stopped, test.clock.pending]).toEqual([expect.objectContaining({ drained: false }), 0]);
    await test.pass(90_000, 1_000);
    expect(published()).toBe(1);
  });

  it.each([{ drainMs: -1 }, { drainMs: 0.5 }, { drainMs: "10" }, { signal: {} }])(
    "with %j is refused, and does not stop",
    async (options) => {
      const test = testConsumer(idle);
      await test.open();
      await expect(test.consumer.stop(options as { drainMs: number })).rejects.toMatchObject({ code: "CONFIG" });
      expect(test.consumer.state).toBe("streaming");
    },
  );
});

describe("close", () => {
  it("is now: handlers are aborted, nothing more is committed, and a stop that waits is over", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { commit: { every: { batches: 5 } } });
    const server = await test.open();
    for (const n of [1, 2]) server.batch(n);
    await test.settle();
    held.call(0).end();
    await test.settle();
    const stopped = test.consumer.stop({ drainMs: 60_000 });
    await Promise.all([test.consumer.close(), test.consumer.close()]);
    expect(await stopped).toMatchObject({ drained: false });
    expect([test.committed(), held.call(1).signal.aborted, server.closed, test.clock.pending]).toEqual([
      [],
      true,
      true,
      0,
    ]);
  });

  it("comes with its client, and `await using` is a stop", async () => {
    const test = testConsumer(idle);
    const other = test.nakadi.consume<Numbered>("other", idle, { commit: { every: { batches: 5 } } });
    await test.settle();
    test.transport.streams[1]?.batch(1);
    await test.settle();
    await other[Symbol.asyncDispose]();
    expect([other.state, test.committed()]).toEqual(["stopped", [["0:1"]]]);
    await test.nakadi.close();
    expect([test.consumer.state, test.transport.streams.every(({ closed }) => closed)]).toEqual(["stopped", true]);
    expect(() => test.nakadi.consume("s", idle)).toThrow("the client is closed");
  });
});
