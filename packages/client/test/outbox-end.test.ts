/** The end of an outbox: what is under way, what stays, and how long it takes. */
import { describe, expect, it } from "vitest";
import { row, testOutbox, type TestOutbox } from "./test-outbox.ts";

describe("the end", () => {
  /** A transport whose answers never come, and end with their requests. */
  function silent(test: TestOutbox): void {
    test.transport.onRequest = ({ method }, signal) =>
      method === "GET"
        ? { status: 200, body: '{"category":"business"}' }
        : new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
  }

  it("stop ends the claim under way, claims no more, and reports", async () => {
    const test = testOutbox([], { rows: [0, 1, 2, 3].map((n) => row(n)), maxRows: 2 });
    const stopping = test.outbox.stop();
    await test.pass(0);
    expect(await stopping).toEqual({ published: 2, rejected: 0, drained: true });
    expect([test.store.rows.length, test.clock.pending]).toEqual([2, 0]);
    expect(await test.outbox.stop()).toEqual(await stopping);
    await test.outbox.close();
  });

  it("stop is refused to the store's own claim that awaits it, and takes place all the same", async () => {
    const test = testOutbox([], { rows: [row(1)] });
    const refused: unknown[] = [];
    const { claim } = test.store;
    test.store.claim = async (limit, publish) => {
      await test.outbox.stop().catch((error: unknown) => refused.push(error));
      return claim.call(test.store, limit, publish);
    };
    test.outbox.wake();
    await test.pass(10_000);
    expect(refused[0]).toMatchObject({ code: "CONFIG", message: expect.stringContaining("do not await it there") });
    expect(await test.outbox.stop()).toMatchObject({ drained: true });
  });

  it("stop is bounded: what has no answer in time is kept", async () => {
    const test = testOutbox([], { rows: [row(0)] });
    silent(test);
    await test.pass(0);
    const stopping = test.outbox.stop({ drainMs: 2_000 });
    await test.pass(2_000);
    expect(await stopping).toEqual({ published: 0, rejected: 0, drained: true });
    expect([test.store.rows.length, test.clock.pending]).toEqual([1, 0]);
  });

  it("a store that never comes back blocks no stop", async () => {
    const test = testOutbox([]);
    test.store.claim = () => new Promise(() => undefined);
    test.outbox.wake();
    await test.pass(1_000);
    const stopping = test.outbox.stop({ drainMs: 10 });
    await test.pass(10);
    await test.pass(5_000);
    expect(await stopping).toMatchObject({ drained: false });
  });

  it("rows that the store comes with behind the end stay where they are", async () => {
    const test = testOutbox([], { failures: [] });
    let come: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (come = resolve));
    let settled: unknown;
    test.store.claim = async (_limit, work) => {
      await late;
      settled = await work([row(0)]);
    };
    test.outbox.wake();
    await test.pass(0);
    const closing = test.outbox.close();
    come();
    await closing;
    expect([settled, test.transport.requests]).toMatchObject([{ kept: [{ event: { n: 0 } }], published: [] }, []]);
  });

  it("closing the client closes its outboxes", async () => {
    const test = testOutbox([], { rows: [row(0)] });
    silent(test);
    await test.pass(0);
    await test.nakadi.close();
    expect([test.store.rows.length, test.clock.pending]).toEqual([1, 0]);
    expect(() => test.nakadi.outbox(test.store)).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });

  it("an idle outbox leaves no timer", async () => {
    const test = testOutbox([]);
    await test.pass(0);
    await test.outbox.close();
    expect(test.clock.pending).toBe(0);
  });
});
