/** The outbox: rows of a program's own database, published in their order, each until its verdict is known. */
import { describe, expect, it } from "vitest";
import type { BusinessEvent, OutboxOptions } from "../src/index.ts";
import { items } from "./scripted-publisher.ts";
import { row, testOutbox } from "./test-outbox.ts";

describe("rows", () => {
  it("are claimed oldest first, up to the batch size, and are removed when they are stored", async () => {
    const { store, sent, pass } = testOutbox([], { rows: [0, 1, 2, 3, 4].map((n) => row(n)), maxRows: 2 });
    await pass(0);
    expect(sent()).toEqual([
      ["e", [0, 1]],
      ["e", [2, 3]],
      ["e", [4]],
    ]);
    expect([store.rows, store.aside]).toEqual([[], []]);
  });

  it("of several event types are published in one request each, in their order", async () => {
    const { sent, pass } = testOutbox([], { rows: [row(0), row(1, "f"), row(2), row(3, "f")] });
    await pass(0);
    expect(sent()).toHaveLength(2);
    expect(sent()).toEqual(
      expect.arrayContaining([
        ["e", [0, 2]],
        ["f", [1, 3]],
      ]),
    );
  });

  it("that are written later are found after `pollMs`, or at once by `wake`", async () => {
    const { store, sent, pass, outbox } = testOutbox([], { pollMs: 1_000 });
    await pass(0);
    store.rows = [row(0)];
    await pass(999);
    expect(sent()).toEqual([]);
    await pass(1);
    expect(sent()).toEqual([["e", [0]]]);
    store.rows = [row(1)];
    outbox.wake();
    await pass(0);
    expect(sent()).toHaveLength(2);
  });

  it("of which each has its own eid are the same event however often they are sent", async () => {
    const { transport, pass, store } = testOutbox([{ status: 503 }], { rows: [row(0)] });
    await pass(0);
    await pass(100);
    const eids = transport.requests
      .filter(({ method }) => method === "POST")
      .map(({ body }) => (JSON.parse(String(body)) as BusinessEvent[])[0]?.metadata.eid);
    expect([eids.length, new Set(eids).size, store.rows]).toEqual([2, 1, []]);
  });
});

describe("partial results", () => {
  it("producer#181: what is stored goes, what is not stays and is the first of the next claim", async () => {
    const test = testOutbox(
      [items(207, ["submitted", "publishing"], ["failed", "publishing"], ["submitted", "publishing"])],
      {
        rows: [row(0), row(1), row(2)],
        retry: { initialDelayMs: 500 },
      },
    );
    await test.pass(0);
    expect(test.store.rows).toMatchObject([{ event: { n: 1 } }]);
    expect(test.retries).toMatchObject([[{ code: "HTTP", status: 207 }, 500]]);
    test.store.rows.push(row(3));
    await test.pass(499);
    expect(test.sent()).toHaveLength(1);
    await test.pass(1);
    expect(test.sent()[1]).toEqual(["e", [1, 3]]);
  });

  it("producer#172: a bad event is set aside, with Nakadi's detail, and delays no other", async () => {
    const test = testOutbox(
      [items(422, ["aborted", "validating"], ["failed", "validating", "bad"], ["aborted", "none"])],
      {
        rows: [row(0), row(1), row(2)],
        publisher: {},
      },
    );
    await test.pass(0);
    expect(test.store.rows).toEqual([]);
    expect(test.store.aside).toMatchObject([{ row: { event: { n: 1 } }, step: "validating", detail: "bad" }]);
    expect([test.rejected, test.retries]).toEqual([test.store.aside, []]);
    expect(test.sent()[1]).toEqual(["e", [0, 2]]);
  });

  it("a row that is not an event is set aside before anything is sent", async () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    const odd = [["text"], null, circle, { n: 1n }, { n: Number.NaN }, "text"].map((event) => ({
      eventType: "e",
      event: event as object,
    }));
    const test = testOutbox([], { rows: [...odd, { eventType: "", event: {} }, row(1)] });
    await test.pass(0);
    expect(test.sent()).toEqual([["e", [1]]]);
    expect(test.store.aside.map(({ detail }) => detail)).toEqual([
      "the event must be a JSON object",
      "the event must be a JSON object",
      expect.stringContaining("the event must be what JSON can say: no cycle"),
      "the event must be what JSON can say: no BigInt",
      "the event must be what JSON can say: no NaN and no Infinity",
      "the event must be a JSON object",
      "the row names no event type",
    ]);
  });

  it.each([403, 404, 415])(
    "a %i is the fault of no row: none is set aside, and all are tried again",
    async (status) => {
      const test = testOutbox([{ status, body: '{"title":"no"}' }], { rows: [row(0), row(1)] });
      await test.pass(0);
      expect([test.store.rows.length, test.store.aside]).toEqual([2, []]);
      expect(test.retries).toMatchObject([[{ status }, 100]]);
      await test.pass(100);
      expect(test.store.rows).toEqual([]);
    },
  );

  it("one event type's trouble is not another's", async () => {
    const test = testOutbox([], { rows: [row(0, "bad"), row(1)] });
    test.transport.onRequest = ({ method, path }) => {
      if (path.includes("bad")) return { status: 503 };
      return method === "GET" ? { status: 200, body: '{"category":"business"}' } : { status: 200 };
    };
    await test.pass(0);
    expect(test.store.rows).toMatchObject([{ eventType: "bad" }]);
    expect(test.sent()).toEqual([["e", [1]]]);
  });
});

describe("trouble", () => {
  it("is waited out, longer each time that brings nothing or as the server asks; `wake` does not shorten that", async () => {
    const asks = { status: 503, headers: { "retry-after": "120" } };
    const test = testOutbox([{ status: 503 }, asks, { status: 503 }], { rows: [row(0)] });
    for (const ms of [0, 100, 120_000]) {
      await test.pass(ms);
      test.outbox.wake();
      await test.pass(0);
    }
    expect(test.retries.map(([, delayMs]) => delayMs)).toEqual([100, 120_000, 225]);
    expect(test.sent()).toHaveLength(3);
  });

  it("of the store is as well: what it did not keep is published again", async () => {
    const [reading, keeping] = [new Error("no connection"), new Error("deadlock")];
    const failures = [{ when: "reading", error: reading } as const, { when: "keeping", error: keeping } as const];
    const test = testOutbox([], { rows: [row(0)], failures });
    await test.pass(0);
    await test.pass(100);
    await test.pass(150);
    expect(test.retries).toEqual([
      [reading, 100],
      [keeping, 150],
    ]);
    expect(test.sent()).toEqual([
      ["e", [0]],
      ["e", [0]],
    ]);
    expect(await test.outbox.stop()).toEqual({ published: 1, rejected: 0, drained: true });
  });

  it("of an observer is its own", async () => {
    const test = testOutbox([items(422, ["failed", "validating", "bad"])], {
      rows: [row(0)],
      onRejected: () => {
        throw new Error("mine");
      },
    });
    await test.pass(0);
    test.store.rows = [row(1)];
    await test.pass(1_000);
    expect(test.store.rows).toEqual([]);
  });
});

describe("options", () => {
  it.each<[options: unknown, path: string]>([
    [{ maxRows: 0 }, "options.maxRows"],
    [{ pollMs: 0 }, "options.pollMs"],
    [{ retry: { initialDelayMs: 10, maxDelayMs: 5 } }, "options.retry.maxDelayMs"],
    [{ publisher: { throwOn: "never" } }, "options.publisher.throwOn"],
    [{ publisher: { maxEventBytes: 0 } }, "options.maxEventBytes"],
    [{ onRejected: 1 }, "options.onRejected"],
    [{ onRetry: 1 }, "options.onRetry"],
    [{ polls: 1 }, "options.polls"],
  ])("%j", (options, path) => {
    const { nakadi, store } = testOutbox([]);
    expect(() => nakadi.outbox(store, options as OutboxOptions)).toThrow(expect.objectContaining({ path }));
  });
});
