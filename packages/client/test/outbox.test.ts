/** The outbox: rows of a program's own database, published in their order, each until its verdict is known. */
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type BusinessEvent,
  businessEvents,
  NakadiClient,
  type Outbox,
  type OutboxOptions,
  type OutboxRow,
  type RejectedRow,
} from "../src/index.ts";
import { MemoryOutbox } from "./memory-outbox.ts";
import { ModelBroker, type ModelEvent, type Weather } from "./model-broker.ts";
import { type Answer, ScriptedTransport } from "./scripted-transport.ts";
import { items } from "./scripted-publisher.ts";
import { weather } from "./weather.ts";

const made = businessEvents<ModelEvent>();
const row = (n: number, eventType = "e"): OutboxRow & { event: BusinessEvent<ModelEvent> } => ({
  eventType,
  event: made({ n }),
});

/** Until everything has happened that needs no time. */
const quiet = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

interface Scripted {
  store: MemoryOutbox;
  clock: ManualClock;
  transport: ScriptedTransport;
  outbox: Outbox;
  nakadi: NakadiClient;
  retries: [error: unknown, delayMs: number][];
  rejected: RejectedRow<OutboxRow>[];
  /** The events of each request, by event type. */
  sent: () => [eventType: string, numbers: number[]][];
  /** Lets so much time pass. */
  pass: (ms: number) => Promise<void>;
}

type Before = { rows?: OutboxRow[]; failures?: MemoryOutbox["failures"] };

function scripted(answers: Answer[], { rows = [], failures = [], ...options }: OutboxOptions & Before = {}): Scripted {
  const transport = new ScriptedTransport();
  transport.onRequest = ({ method }) =>
    method === "GET" ? { status: 200, body: '{"category":"business"}' } : (answers.shift() ?? { status: 200 });
  const clock = new ManualClock();
  const nakadi = new NakadiClient({ baseUrl: "http://x", transport, clock, random: () => 0.5 });
  onTestFinished(() => nakadi.close());
  const store = new MemoryOutbox();
  store.rows = rows;
  store.failures.push(...failures);
  const retries: Scripted["retries"] = [];
  const rejected: Scripted["rejected"] = [];
  const outbox = nakadi.outbox(store, {
    onRetry: (error, delayMs) => retries.push([error, delayMs]),
    onRejected: (one) => rejected.push(one),
    publisher: { retry: { attempts: 1 } },
    ...options,
  });
  return {
    store,
    clock,
    transport,
    outbox,
    nakadi,
    retries,
    rejected,
    sent: () =>
      transport.requests
        .filter(({ method }) => method === "POST")
        .map(({ path, body }) => [
          path.split("/")[2] ?? "",
          (JSON.parse(String(body)) as ModelEvent[]).map(({ n }) => n),
        ]),
    async pass(ms) {
      await quiet();
      clock.advance(ms);
      await quiet();
    },
  };
}

describe("rows", () => {
  it("are claimed oldest first, so many at a time, and go when they are stored", async () => {
    const { store, sent, pass } = scripted([], { rows: [0, 1, 2, 3, 4].map((n) => row(n)), maxRows: 2 });
    await pass(0);
    expect(sent()).toEqual([
      ["e", [0, 1]],
      ["e", [2, 3]],
      ["e", [4]],
    ]);
    expect([store.rows, store.aside]).toEqual([[], []]);
  });

  it("of several event types are published in one request each, in their order", async () => {
    const { sent, pass } = scripted([], { rows: [row(0), row(1, "f"), row(2), row(3, "f")] });
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
    const { store, sent, pass, outbox } = scripted([], { pollMs: 1_000 });
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
    const { transport, pass, store } = scripted([{ status: 503 }], { rows: [row(0)] });
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
    const test = scripted(
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

  it("producer#172: a bad event is set aside, with what Nakadi says of it, and holds up nobody", async () => {
    const test = scripted(
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

  it("what is no event at all is set aside before anything is sent", async () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    const odd = [["text"], null, circle, { n: 1n }, "text"].map((event) => ({
      eventType: "e",
      event: event as object,
    }));
    const test = scripted([], { rows: [...odd, { eventType: "", event: {} }, row(1)] });
    await test.pass(0);
    expect(test.sent()).toEqual([["e", [1]]]);
    expect(test.store.aside.map(({ detail }) => detail)).toEqual([
      "the event is no JSON object",
      "the event is no JSON object",
      "the event is not what JSON can say",
      "the event is not what JSON can say",
      "the event is no JSON object",
      "the row names no event type",
    ]);
  });

  it.each([403, 404, 415])("a %i is nobody's fault: no row is set aside, and all are tried again", async (status) => {
    const test = scripted([{ status, body: '{"title":"no"}' }], { rows: [row(0), row(1)] });
    await test.pass(0);
    expect([test.store.rows.length, test.store.aside]).toEqual([2, []]);
    expect(test.retries).toMatchObject([[{ status }, 100]]);
    await test.pass(100);
    expect(test.store.rows).toEqual([]);
  });

  it("one event type's trouble is not another's", async () => {
    const test = scripted([], { rows: [row(0, "bad"), row(1)] });
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
    const test = scripted([{ status: 503 }, asks, { status: 503 }], { rows: [row(0)] });
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
    const test = scripted([], { rows: [row(0)], failures });
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
    const test = scripted([items(422, ["failed", "validating", "bad"])], {
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

describe("the end", () => {
  /** A transport whose answers never come, and end with their requests. */
  function silent(test: Scripted): void {
    test.transport.onRequest = ({ method }, signal) =>
      method === "GET"
        ? { status: 200, body: '{"category":"business"}' }
        : new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
  }

  it("stop ends the claim under way, claims no more, and reports", async () => {
    const test = scripted([], { rows: [0, 1, 2, 3].map((n) => row(n)), maxRows: 2 });
    const stopping = test.outbox.stop();
    await test.pass(0);
    expect(await stopping).toEqual({ published: 2, rejected: 0, drained: true });
    expect([test.store.rows.length, test.clock.pending]).toEqual([2, 0]);
    expect(await test.outbox.stop()).toEqual(await stopping);
    await test.outbox.close();
  });

  it("stop is bounded: what has no answer in time is kept", async () => {
    const test = scripted([], { rows: [row(0)] });
    silent(test);
    await test.pass(0);
    const stopping = test.outbox.stop({ drainMs: 2_000 });
    await test.pass(2_000);
    expect(await stopping).toEqual({ published: 0, rejected: 0, drained: true });
    expect([test.store.rows.length, test.clock.pending]).toEqual([1, 0]);
  });

  it("a store that never comes back holds nobody for ever", async () => {
    const test = scripted([]);
    test.store.claim = () => new Promise(() => undefined);
    test.outbox.wake();
    await test.pass(1_000);
    const stopping = test.outbox.stop({ drainMs: 10 });
    await test.pass(10);
    await test.pass(5_000);
    expect(await stopping).toMatchObject({ drained: false });
  });

  it("rows that the store comes with behind the end stay where they are", async () => {
    const test = scripted([], { failures: [] });
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
    const test = scripted([], { rows: [row(0)] });
    silent(test);
    await test.pass(0);
    await test.nakadi.close();
    expect([test.store.rows.length, test.clock.pending]).toEqual([1, 0]);
    expect(() => test.nakadi.outbox(test.store)).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });

  it("an idle outbox leaves no timer", async () => {
    const test = scripted([]);
    await test.pass(0);
    await test.outbox.close();
    expect(test.clock.pending).toBe(0);
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
    const { nakadi, store } = scripted([]);
    expect(() => nakadi.outbox(store, options as OutboxOptions)).toThrow(expect.objectContaining({ path }));
  });
});

it("whatever server, network and crashes do: a row goes when it is stored, is set aside when it is not, and order holds", async () => {
  // The model's server may call an event bad and take it later, which no server does.
  const keepsOrder = (one: Weather): boolean =>
    one.kind !== "items" && !("bad" in one && one.bad.length > 0) && !(one.kind === "refused" && one.status < 414);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.oneof(fc.array(weather, { maxLength: 10 }), fc.array(weather.filter(keepsOrder), { maxLength: 10 })),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      async (count, sky: readonly Weather[], maxRows, crashesAfter) => {
        const clock = new ManualClock();
        const broker = new ModelBroker(clock, sky);
        const store = new MemoryOutbox<ReturnType<typeof row>>();
        store.rows = Array.from({ length: count }, (_, n) => row(n));
        const all = [...store.rows];
        const crashes = [...crashesAfter];
        for (let crashed = true; crashed;) {
          crashed = false;
          const nakadi = new NakadiClient({ baseUrl: "http://x", transport: broker, clock, random: () => 0.5 });
          nakadi.outbox(store, { maxRows, publisher: { retry: { attempts: 3, maxElapsedMs: 20_000 } } });
          const crashAt = broker.requests.length + (crashes.shift() ?? Number.POSITIVE_INFINITY);
          for (await quiet(); store.rows.length > 0 && !crashed; await quiet()) {
            crashed = broker.requests.length >= crashAt;
            if (!crashed) clock.advance(clock.nextInMs ?? 0);
          }
          const closing = nakadi.close();
          await quiet();
          await closing;
        }
        const times = (n: number): number => broker.stored.filter((one) => one === n).length;
        const aside = new Set(store.aside.map((one) => one.row.event.n));
        for (const one of all) {
          const { n } = one.event;
          if (!aside.has(n)) expect(times(n)).toBeGreaterThan(0);
          // Where an earlier claim was cut off nobody knows, and the model's server may refuse what it has stored.
          else if (store.claims.filter((rows) => rows.includes(one)).length === 1) expect(times(n)).toBe(0);
        }
        // Each time the same event.
        for (const { event } of all) {
          const eids = broker.requests.flatMap(({ events, eids }) => eids.filter((_, at) => events[at] === event.n));
          expect(new Set([...eids, event.metadata.eid]).size).toBe(1);
        }
        if (!sky.every(keepsOrder)) return;
        const first = [...new Set(broker.stored)];
        expect(first).toEqual([...first].sort((a, b) => a - b));
      },
    ),
    { numRuns: 300 },
  );
});
