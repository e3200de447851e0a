/** What the server says within its lines, and what the consumer says of itself: alarms, health, numbers, logs. */
import { describe, expect, it } from "vitest";
import type { CommitOverdue, ConsumerOptions, EventsLost, Handler, Logger, Metrics, ServerSaid } from "../src/index.ts";
import { Held, type Numbered, type TestConsumer, testConsumer } from "./test-consumer.ts";

const idle = { onEvent: (): void => undefined };

function says(server: { send: (text: string) => void }, debug: string, events: readonly unknown[] = []): void {
  const cursor = { partition: "0", offset: "000000000000000009", event_type: "e", cursor_token: "t" };
  server.send(`${JSON.stringify({ cursor, events, info: { debug } })}\n`);
}

describe("what the server says", () => {
  it("comes as typed events with its place, with a batch or a keep-alive; text that is new passes through", async () => {
    const said: ServerSaid[] = [];
    const seen: number[] = [];
    const test = testConsumer(
      { onEvent: ({ n }) => void seen.push(n) },
      { onServerMessage: (message) => void said.push(message) },
    );
    const server = await test.open();
    says(server, "Stream started");
    says(server, "Commit timeout reached");
    says(server, "Something unheard of", [{ n: 9 }]);
    await test.settle();
    expect(said.map(({ message }) => message)).toEqual([
      { kind: "stream-started", eventsLost: 0 },
      { kind: "commit-timeout" },
      { kind: "unknown", text: "Something unheard of" },
    ]);
    expect(said[0]).toMatchObject({ event_type: "e", partition: "0", streamId: server.id });
    expect([seen, test.committed()]).toEqual([[9], [["0:9"]]]);
  });

  it("events lost to retention are an alarm of their own: told, counted and logged as an error", async () => {
    const lost: EventsLost[] = [];
    const { metrics, counts } = counting();
    const { logger, lines } = noting();
    const options = { metrics, onEventsLost: (one: EventsLost) => void lost.push(one) };
    const test = testConsumer(idle, options, undefined, { logger });
    const server = await test.open();
    says(server, "Stream started; skipped events due to retention time passed, count: 17");
    await test.settle();
    const place = { event_type: "e", partition: "0", streamId: server.id, count: 17 };
    expect(lost).toEqual([place]);
    expect(counts["nakadi.consumer.events.lost"]).toBe(17);
    expect(lines).toEqual([["error", place, "events deleted by retention before they were read"]]);
  });

  it("is never needed: a consumer without observers goes on", async () => {
    const test = testConsumer(idle);
    const server = await test.open();
    says(server, "Stream started; skipped events due to retention time passed, count: 17");
    server.batch(1);
    await test.settle();
    expect(test.committed()).toEqual([["0:1"]]);
  });
});

describe("the alarm before the commit timeout", () => {
  it("says once, at five sixths of it, what is not done, and again only after a commit has moved something", async () => {
    const alarms: CommitOverdue[] = [];
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { onCommitOverdue: (alarm) => void alarms.push(alarm) });
    const server = await test.open();
    server.batch(1);
    server.batch(2);
    await test.pass(49_999, 1_000);
    expect(alarms).toEqual([]);
    await test.pass(9_000, 1_000);
    expect(alarms).toEqual([
      {
        streamId: server.id,
        ageMs: 50_000,
        commitTimeoutMs: 60_000,
        waiting: ["1", "2"].map((n) => ({ lane: { event_type: "e", partition: "0" }, offset: n.padStart(18, "0") })),
      },
    ]);
    held.call(0).end();
    await test.pass(49_000, 1_000);
    expect(alarms).toHaveLength(1);
    await test.pass(2_000, 1_000);
    expect(alarms.map(({ waiting }) => waiting.length)).toEqual([2, 1]);
  });

  it("does not come while nothing is uncommitted", async () => {
    const alarms: CommitOverdue[] = [];
    const test = testConsumer(idle, { onCommitOverdue: (alarm) => void alarms.push(alarm) });
    const server = await test.open();
    server.batch(1);
    await test.settle();
    for (let minute = 0; minute < 5; minute += 1) {
      await test.pass(60_000, 10_000);
      server.keepAlive();
    }
    expect(alarms).toEqual([]);
  });
});

describe("health", () => {
  const status = ({ consumer }: TestConsumer): unknown[] => [consumer.health().ok, consumer.health().status];

  it("tells idle from working, and a dead one from both", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch });
    expect(status(test)).toEqual([true, "waiting"]);
    const server = await test.open();
    expect(status(test)).toEqual([true, "idle"]);
    server.batch(1);
    await test.settle();
    expect(status(test)).toEqual([true, "working"]);
    await test.pass(1_000);
    expect(test.consumer.health()).toMatchObject({
      state: "streaming",
      stateForMs: 1_000,
      sinceReceivedMs: 1_000,
      sinceDoneMs: undefined,
      sinceCommittedMs: undefined,
      backlog: { batches: 1 },
      slowest: { lane: { event_type: "e", partition: "0" }, offset: "000000000000000001", ageMs: 1_000 },
    });
    held.call(0).end();
    await test.settle();
    await test.pass(100);
    expect(test.consumer.health()).toMatchObject({
      status: "idle",
      sinceDoneMs: 100,
      sinceCommittedMs: 100,
      backlog: { batches: 0, bytes: 0 },
      slowest: undefined,
    });
    for (let hour = 0; hour < 3; hour += 1) {
      await test.pass(100_000);
      server.keepAlive();
    }
    expect(status(test)).toEqual([true, "idle"]);
    test.transport.onOpen = () => ({ status: 503 });
    server.fail();
    await test.pass(1_000, 100);
    expect(status(test)).toEqual([true, "waiting"]);
    await test.consumer.stop();
    expect(status(test)).toEqual([true, "stopped"]);
  });

  it("is bad once a batch takes longer than the commit timeout, and good again when it is done", async () => {
    const held = new Held();
    const test = testConsumer({ onBatch: held.onBatch }, { commitTimeoutSeconds: 10 });
    (await test.open()).batch(1);
    await test.pass(10_000);
    expect(status(test)).toEqual([true, "working"]);
    await test.pass(1);
    expect(status(test)).toEqual([false, "stuck"]);
    held.call(0).end();
    await test.settle();
    expect(status(test)).toEqual([true, "idle"]);
  });

  it("is bad once no stream was had for longer than a dead connection may hold the slot, though retries go on", async () => {
    const test = testConsumer(idle);
    const server = await test.open();
    test.transport.onOpen = () => ({ status: 503 });
    server.fail();
    await test.pass(61_000, 1_000);
    expect(status(test)).toEqual([true, "waiting"]);
    await test.pass(1_000, 1_000);
    expect(status(test)).toEqual([false, "waiting"]);
  });
});

describe("numbers", () => {
  it("count what was received, done, skipped, lost, retried and committed, and gauge what is held", async () => {
    const { metrics, counts, gauges, most, labels } = counting();
    const poisoned: Handler<Numbered> & ConsumerOptions<Numbered> = {
      onEvent({ n }) {
        if (n === 2) throw new Error("poison");
      },
      failure: { retry: { attempts: 2 }, onExhausted: "skip" },
      metrics,
    };
    const test = testConsumer(poisoned);
    const server = await test.open();
    server.batch(3, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    await test.pass(1_000, 100);
    test.transport.willAnswer({
      status: 200,
      body: JSON.stringify({ items: [{ cursor: {}, result: "outdated" }] }),
    });
    server.batch(4);
    await test.settle();
    server.batch(5);
    await test.settle();
    await test.settle();
    test.transport.willAnswer({ status: 422 });
    server.batch(6);
    await test.settle();
    server.fail();
    await test.settle();
    expect(counts).toMatchObject({
      "nakadi.consumer.batches.received": 4,
      "nakadi.consumer.batches.done": 4,
      "nakadi.consumer.events.done": 6,
      "nakadi.consumer.events.skipped": 1,
      "nakadi.consumer.handler.failures": 1,
      "nakadi.consumer.cursors.committed": 2,
      "nakadi.consumer.cursors.outdated": 1,
      "nakadi.consumer.lanes.lost": 1,
      "nakadi.consumer.sessions.lost": 1,
    });
    expect(most["nakadi.consumer.backlog.batches"]).toBe(1);
    expect(gauges).toEqual({ "nakadi.consumer.backlog.batches": 0, "nakadi.consumer.backlog.bytes": 0 });
    expect(labels).toEqual(new Set(['{"subscription":"s"}']));
  });

  it("that cannot be kept are logged, and break nothing", async () => {
    const boom = (): never => {
      throw new Error("metrics");
    };
    const { logger, lines } = noting();
    const test = testConsumer(idle, { metrics: { count: boom, gauge: boom } }, undefined, { logger });
    (await test.open()).batch(1);
    await test.settle();
    expect(test.committed()).toEqual([["0:1"]]);
    expect(lines[0]).toMatchObject(["error", {}, "a metrics call failed"]);
  });
});

it("a handler knows its lane, its position, its stream and which try it is", async () => {
  const known: unknown[] = [];
  const test = testConsumer({
    onBatch({ streamId, cursor, events }, { lane, attempt, cursor: position, signal }) {
      known.push([streamId, cursor === position, position.offset, lane, attempt, signal.aborted, events]);
      if (attempt === 1) throw new Error("once more");
    },
  });
  const server = await test.open();
  server.batch(7, [{ n: 1 }], "3");
  await test.pass(200);
  const place = [server.id, true, "000000000000000007", { event_type: "e", partition: "3" }];
  expect(known).toEqual([1, 2].map((attempt) => [...place, attempt, false, [{ n: 1 }]]));
});

it("a handler's log says of each line where the events come from", async () => {
  const { logger, lines } = noting();
  const test = testConsumer({ onEvent: ({ n }, { log }) => log.info({ n }, "handled") }, {}, undefined, { logger });
  (await test.open()).batch(7, [{ n: 1 }], "3");
  await test.settle();
  expect(lines).toEqual([["info", { event_type: "e", partition: "3", offset: "000000000000000007", n: 1 }, "handled"]]);
});

function counting(): {
  metrics: Metrics;
  counts: Record<string, number>;
  gauges: Record<string, number>;
  /** The highest that each gauge ever was. */
  most: Record<string, number>;
  labels: Set<string>;
} {
  const counts: Record<string, number> = {};
  const gauges: Record<string, number> = {};
  const most: Record<string, number> = {};
  const labels = new Set<string>();
  const metrics: Metrics = {
    count(name, by, all) {
      counts[name] = (counts[name] ?? 0) + by;
      labels.add(JSON.stringify(all));
    },
    gauge(name, value) {
      gauges[name] = value;
      most[name] = Math.max(most[name] ?? 0, value);
    },
  };
  return { metrics, counts, gauges, most, labels };
}

function noting(): { logger: Logger; lines: [level: string, fields: object, message: string][] } {
  const lines: [string, object, string][] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push([level, fields, message]);
  return { logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}
