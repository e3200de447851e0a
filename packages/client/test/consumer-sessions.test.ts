/** The streams of a consumer: opened, lost, waited for, and what is reported of them. */
import { describe, expect, it, onTestFinished } from "vitest";
import { HttpError, NoFreeSlotError, type StateChange, TimeoutError } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { Held, testConsumer } from "./test-consumer.ts";

const idle = { onEvent: (): void => undefined };

describe("failures that another try cannot repair", () => {
  it.each([400, 403, 404, 406, 410, 412, 415, 422, 501])(
    "FA4: a %i surfaces as fatal: one attempt, one error, for `done` and `onFailed`",
    async (status) => {
      const told: unknown[] = [];
      const transport = new ScriptedTransport().willOpen({ status, body: '{"title":"No","detail":"because"}' });
      const { consumer, retries } = testConsumer(idle, { onFailed: (error) => void told.push(error) }, transport);
      const error = await consumer.done.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HttpError);
      expect(error).toMatchObject({ status, message: expect.stringContaining("because") });
      expect([told, consumer.state, retries, transport.opened.length]).toEqual([[error], "failed", [], 1]);
      expect(consumer.health()).toMatchObject({ ok: false, status: "failed" });
      expect(await consumer.stop()).toMatchObject({ batches: 0 });
    },
  );

  it.each([403, 404])("a commit that is answered %i is fatal", async (status) => {
    const test = testConsumer(idle);
    const failed = test.consumer.done.catch((error: unknown) => error);
    test.transport.willAnswer({ status });
    const server = await test.open();
    server.batch(1);
    expect(await failed).toMatchObject({ status });
    expect([test.consumer.state, server.closed, test.committed()]).toEqual(["failed", true, [["0:1"]]]);
  });

  it("is a process warning where no observer is set", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const test = testConsumer(idle, {}, new ScriptedTransport().willOpen({ status: 403 }));
    test.nakadi.consume("unwatched", idle);
    test.transport.willOpen({ status: 403 });
    await expect.poll(() => warnings.map(({ name }) => name)).toEqual(["NakadiConsumerFailed"]);
    expect(warnings[0]?.message).toContain("subscription unwatched has failed");
  });
});

describe("what may pass", () => {
  it("GO7: a stream that opens and ends at once, two hundred times, causes no hot loop", async () => {
    const test = testConsumer(idle);
    for (let round = 0; round < 200; round += 1) {
      (await test.open()).end();
      await test.pass(15_000);
    }
    expect(test.retries.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([10, 15, 22.5]);
    expect(test.retries.reduce((sum, { delayMs }) => sum + delayMs, 0)).toBeGreaterThan(175 * 10_000);
    expect(test.transport.opened).toHaveLength(201);
  });

  it("a consumer whose every commit is refused causes no hot loop, whatever batches come", async () => {
    const test = testConsumer(idle);
    test.transport.onRequest = () => ({ status: 422 });
    for (let round = 0; round < 40; round += 1) {
      (await test.open()).batch(1);
      await test.settle();
      await test.pass(15_000);
    }
    expect(test.retries.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([10, 15, 22.5]);
    expect(test.retries.at(-1)?.delayMs).toBe(10_000);
  });

  it("a lane that was lost and comes back is read in another stream, and the other lane loses nothing", async () => {
    const seen: number[] = [];
    const test = testConsumer({ onEvent: ({ n }) => void seen.push(n) }, { commit: { every: { batches: 2 } } });
    const server = await test.open();
    test.transport.willAnswer({ status: 422 }, { status: 204 }, { status: 422 });
    server.batch(1, [{ n: 1 }], "0");
    server.batch(11, [{ n: 11 }], "1");
    await test.settle();
    server.batch(2, [{ n: 2 }], "0");
    await test.settle();
    expect([server.closed, test.committed()]).toEqual([false, [["0:1", "1:11"], ["0:1"], ["1:11"]]]);
    server.batch(12, [{ n: 12 }], "1");
    await test.settle();
    expect([server.closed, test.committed().slice(3)]).toEqual([true, [["0:2"]]]);
    await test.pass(20);
    (await test.open()).batch(11, [{ n: 11 }], "1");
    await test.settle();
    expect(seen).toEqual([1, 11, 2, 11]);
  });

  it("NN5: a 429 with Retry-After is tried again when the server says, on opening and on committing", async () => {
    const later = { status: 429, headers: { "retry-after": "7" } };
    const test = testConsumer(idle, {}, new ScriptedTransport().willOpen(later).willAnswer(later));
    await test.pass(6_999);
    expect(test.transport.opened).toHaveLength(1);
    await test.pass(1);
    (await test.open()).batch(1);
    await test.settle();
    await test.pass(6_999);
    expect(test.committed()).toHaveLength(1);
    await test.pass(1);
    expect(test.committed()).toEqual([["0:1"], ["0:1"]]);
    expect(test.retries.map(({ error, delayMs }) => [error.code, delayMs])).toEqual([
      ["TOO_MANY_REQUESTS", 7_000],
      ["TOO_MANY_REQUESTS", 7_000],
    ]);
    expect(test.consumer.state).toBe("streaming");
  });

  it("NJ6: waits grow by what failed in a row and start over after a success, of streams, commits and handlers", async () => {
    const failing = { status: 503 };
    const transport = new ScriptedTransport().willOpen(failing, failing);
    let failures = 2;
    const test = testConsumer(
      {
        onEvent({ n }) {
          if (n > 1 || failures === 0) return;
          failures -= 1;
          throw new Error("not now");
        },
      },
      {},
      transport,
    );
    const waits = (): number[] => test.retries.splice(0).map(({ delayMs }) => delayMs);
    await test.pass(30, 5);
    const first = await test.open();
    expect(waits()).toEqual([10, 15]);
    transport.willAnswer(failing, failing);
    first.batch(1);
    await test.pass(600, 5);
    expect(waits()).toEqual([200, 300, 10, 15]);
    failures = 1;
    transport.willAnswer(failing);
    first.batch(1);
    await test.pass(300, 5);
    expect(waits()).toEqual([200, 10]);
    first.fail();
    await test.settle();
    expect(waits()).toEqual([10]);
  });

  it("a gateway's page of HTML is reported by its status, without its text", async () => {
    const page = { status: 502, body: "<html><h1>502 Bad Gateway</h1></html>" };
    const test = testConsumer(idle, {}, new ScriptedTransport().willOpen(page).willAnswer(page));
    await test.pass(10);
    (await test.open()).batch(1);
    await test.pass(10);
    expect(test.retries.map(({ error }) => [(error as HttpError).status, error.message])).toEqual([
      [502, "GET /subscriptions/s/events: HTTP 502"],
      [502, "POST /subscriptions/s/cursors: HTTP 502"],
    ]);
    expect(test.committed()).toEqual([["0:1"], ["0:1"]]);
  });
});

describe("silence", () => {
  it("S2: a spare consumer without partitions keeps its stream for 130 seconds, and then reconnects", async () => {
    const test = testConsumer(idle);
    const server = await test.open();
    await test.pass(130_000);
    expect([server.closed, test.consumer.health()]).toEqual([
      false,
      expect.objectContaining({ ok: true, status: "idle" }),
    ]);
    await test.pass(20_000);
    expect([server.closed, test.retries[0]?.error]).toEqual([true, expect.any(TimeoutError)]);
  });

  it("GO8: a flush timeout above a minute does not make a healthy stream look dead", async () => {
    const test = testConsumer(idle, { batchFlushTimeoutSeconds: 100 });
    const server = await test.open();
    for (let round = 0; round < 10; round += 1) {
      await test.pass(100_000);
      server.keepAlive();
    }
    expect([server.closed, test.transport.opened.length, test.consumer.health().ok]).toEqual([false, 1, true]);
  });

  it("is not looked for while slow handlers keep the socket paused", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { bufferedBatches: 1 });
    const server = await test.open();
    server.batch(1);
    await test.pass(50 * 60_000, 60_000);
    expect([server.closed, test.retries]).toEqual([false, []]);
  });

  it("HS4: a keep-alive is handed to no handler, is never committed, and is counted as no batch", async () => {
    const seen: number[] = [];
    const test = testConsumer({ onEvent: ({ n }) => void seen.push(n) });
    const server = await test.open();
    for (let round = 0; round < 5; round += 1) server.keepAlive();
    await test.pass(60_000, 1_000);
    expect([seen, test.committed()]).toEqual([[], []]);
    server.batch(1);
    server.keepAlive();
    await test.settle();
    expect([seen, test.committed()]).toEqual([[1], [["0:1"]]]);
    expect(await test.consumer.stop()).toMatchObject({ batches: 1, events: 1, committed: 1 });
  });
});

describe("a slot", () => {
  it("is waited for without a report for flush and commit timeout together; then it is reported", async () => {
    const changes: StateChange[] = [];
    const transport = new ScriptedTransport();
    transport.onOpen = () => ({ status: 409, body: '{"title":"Conflict","detail":"No free slots"}' });
    const options = {
      batchFlushTimeoutSeconds: 10,
      commitTimeoutSeconds: 20,
      onState: (c: StateChange) => void changes.push(c),
    };
    const test = testConsumer(idle, options, transport);
    await test.pass(29_000, 100);
    expect([test.consumer.state, test.retries, test.consumer.health()]).toEqual([
      "waiting-for-slot",
      [],
      expect.objectContaining({ ok: true, status: "waiting" }),
    ]);
    await test.pass(20_000, 100);
    expect(test.retries[0]?.error).toBeInstanceOf(NoFreeSlotError);
    transport.onOpen = () => ({ status: 200 });
    await test.pass(15_000, 100);
    expect([test.consumer.state, test.consumer.health().ok]).toEqual(["streaming", true]);
    expect(changes[0]).toMatchObject({
      state: "waiting-for-slot",
      previous: "connecting",
      reason: { code: "NO_FREE_SLOT" },
    });
  });
});

describe("states", () => {
  it("are reported in their order, each with its reason, to the end", async () => {
    const changes: (string | undefined)[][] = [];
    const test = testConsumer(idle, {
      onState: ({ state, previous, reason }) => void changes.push([previous, state, reason?.code]),
    });
    (await test.open()).fail();
    await test.pass(10);
    await test.open();
    await test.consumer.stop();
    expect(changes).toEqual([
      ["connecting", "streaming", undefined],
      ["streaming", "backing-off", "TRANSPORT"],
      ["backing-off", "connecting", undefined],
      ["connecting", "streaming", undefined],
      ["streaming", "draining", undefined],
      ["draining", "stopped", undefined],
    ]);
  });

  it("an observer that throws or rejects breaks nothing", async () => {
    const boom = (): never => {
      throw new Error("observer");
    };
    const reject = (): void => Promise.reject(new Error("observer")) as unknown as void;
    const test = testConsumer(
      idle,
      { onState: boom, onRetry: reject, onHealthy: boom, onServerMessage: reject },
      new ScriptedTransport().willOpen({ status: 503 }),
    );
    await test.pass(10);
    (await test.open()).batch(1);
    await test.settle();
    expect(test.committed()).toEqual([["0:1"]]);
  });
});
