import { describe, expect, it } from "vitest";
import type { LineStream, StreamLine } from "./http-client.ts";
import { manualBroker, type TestBroker } from "./test-broker.ts";

const MAX_SENDS = "nakadi.zalando.org/subscription-max-event-send-count";
const POLICY = "nakadi.zalando.org/subscription-unprocessable-event-policy";
const annotations = (maxSends: string, policy: string) => ({
  annotations: { [MAX_SENDS]: maxSends, [POLICY]: policy },
});

type ManualBroker = Awaited<ReturnType<typeof manualBroker>>;

/** A stream that commits nothing until its commit timeout: the lines with events. */
async function failing({ open, clock }: ManualBroker, id: string, batchLimit: number): Promise<StreamLine[]> {
  const stream = await open(id, { batch_limit: batchLimit, max_uncommitted_events: batchLimit, commit_timeout: 5 });
  const first = await stream.next();
  clock.advance(5_000);
  const rest = await stream.rest();
  expect(rest.map(({ info }) => info?.debug)).toContain("Commit timeout reached");
  return [first, ...rest].filter(({ events }) => events);
}

const offsets = (lines: readonly StreamLine[]): number[] => lines.map(({ cursor }) => Number(cursor.offset.slice(-3)));

/** Opens a stream as soon as the broker has noticed that the one before is gone. */
async function openOnceFree({ open }: TestBroker, id: string): Promise<LineStream> {
  for (;;) {
    try {
      return await open(id, { max_uncommitted_events: 1 });
    } catch (error) {
      if (!String(error).includes("409")) throw error;
    }
  }
}

async function business({ eventType }: TestBroker): Promise<string> {
  return eventType({ category: "business", enrichment_strategies: ["metadata_enrichment"] });
}

const event = (n: number) => ({
  metadata: { eid: `7b7c7100-0559-11e6-a837-08002000000${n}`, occurred_at: "2026-01-02T03:04:05Z" },
  n,
});

describe("dead letters", () => {
  it("are skipped after the configured sends, one event of the failing batch", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name], annotations("2", "SKIP_EVENT"));
    await broker.publish(
      name,
      Array.from({ length: 6 }, (_, n) => ({ n })),
    );
    expect(offsets(await failing(broker, id, 3))).toEqual([2]);
    expect(offsets(await failing(broker, id, 3))).toEqual([2]);
    const searching = await failing(broker, id, 3);
    expect(searching[0]?.info?.debug).toBe(
      `Stream started; Auto DLQ failed commits tracking: {${name}:0 failedCommitsCount=0 ` +
        "lastDeadLetterOffset=001-0001-000000000000000002}",
    );
    expect(offsets(searching)).toEqual([0]);
    expect(offsets(await failing(broker, id, 3))).toEqual([0]);
    const stream = await broker.open(id, { batch_limit: 3 });
    const one = await stream.nextEvents();
    await broker.commit(id, stream.id, [one.cursor]);
    const two = await stream.nextEvents();
    await broker.commit(id, stream.id, [two.cursor]);
    expect([one.events, two.events, (await stream.nextEvents()).events]).toEqual([
      [{ n: 1 }],
      [{ n: 2 }],
      [{ n: 3 }, { n: 4 }, { n: 5 }],
    ]);
  });

  it("end up in the queue where the policy says so, as they were delivered", async () => {
    const broker = await manualBroker();
    const name = await business(broker);
    const id = await broker.subscription([name], annotations("2", "DEAD_LETTER_QUEUE"));
    const queue = await broker.subscription(["nakadi.dead.letter.queue"]);
    await broker.publish(name, [event(1), event(2)]);
    for (let i = 0; i < 4; i += 1) expect(offsets(await failing(broker, id, 1))).toEqual([0]);
    const stream = await broker.open(id);
    const next = await stream.nextEvents();
    expect(next.cursor.offset).toBe("001-0001-000000000000000001");
    const { events } = await (await broker.open(queue)).nextEvents();
    expect(events).toMatchObject([
      {
        subscription_id: id,
        event_type: name,
        partition: "0",
        offset: "001-0001-000000000000000000",
        error: { message: "Nakadi Auto DLQ: skipped due to failed commits count: 2" },
        event: { n: 1, metadata: { eid: event(1).metadata.eid, event_type: name, version: "1.0.0" } },
        metadata: { event_type: "nakadi.dead.letter.queue", occurred_at: expect.stringMatching(/\.\d{9}Z$/) },
      },
    ]);
  });

  it("that the queue cannot take are not skipped: their streams die", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name], annotations("2", "DEAD_LETTER_QUEUE"));
    await broker.publish(name, [{ n: 1 }, { n: 2 }]);
    for (let i = 0; i < 4; i += 1) await failing(broker, id, 1);
    expect(await (await broker.open(id)).rest()).toEqual([]);
    expect(await (await broker.open(id)).rest()).toEqual([]);
  });

  it("are found though their consumer crashes and comes back at once", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name], annotations("2", "SKIP_EVENT"));
    await broker.publish(name, [{ n: 0 }, { n: 1 }]);
    const seen: unknown[] = [];
    for (let i = 0; i < 5; i += 1) {
      const stream = await openOnceFree(broker, id);
      seen.push((await stream.nextEvents()).events);
      stream.close();
    }
    expect(seen).toEqual([[{ n: 0 }], [{ n: 0 }], [{ n: 0 }], [{ n: 0 }], [{ n: 1 }]]);
  });

  it("are not counted any more after a commit, nor after a reset of the cursors", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name], annotations("2", "SKIP_EVENT"));
    await broker.publish(
      name,
      Array.from({ length: 9 }, (_, n) => ({ n })),
    );
    await failing(broker, id, 3);
    const stream = await broker.open(id, { batch_limit: 3, max_uncommitted_events: 3 });
    const { cursor } = await stream.nextEvents();
    await broker.commit(id, stream.id, [cursor]);
    await stream.nextEvents();
    broker.clock.advance(60_000);
    await stream.rest();
    expect(offsets(await failing(broker, id, 3))).toEqual([5]);
    expect(offsets(await failing(broker, id, 3))).toEqual([3]);
    const items = [{ event_type: name, partition: "0", offset: cursor.offset }];
    const reset = await broker.call({ method: "PATCH", path: `/subscriptions/${id}/cursors`, json: { items } });
    expect(reset.status).toBe(204);
    expect(offsets(await failing(broker, id, 3))).toEqual([5]);
  });

  it.each([
    [{ [MAX_SENDS]: "3" }, `${POLICY} must be also set when setting ${MAX_SENDS}`],
    [{ [POLICY]: "SKIP_EVENT" }, `${MAX_SENDS} must be also set when setting ${POLICY}`],
    [{ [MAX_SENDS]: "three", [POLICY]: "SKIP_EVENT" }, `${MAX_SENDS} must be an integer`],
    [{ [MAX_SENDS]: "1", [POLICY]: "SKIP_EVENT" }, `${MAX_SENDS} must be between 2 and 10`],
    [{ [MAX_SENDS]: "11", [POLICY]: "SKIP_EVENT" }, `${MAX_SENDS} must be between 2 and 10`],
    [{ [MAX_SENDS]: "2", [POLICY]: "skip_event" }, `${POLICY} must be one of: SKIP_EVENT, DEAD_LETTER_QUEUE`],
  ])("are not looked for with annotations %j", async (wrong, message) => {
    const { call, eventType } = await manualBroker();
    const json = { owning_application: "app", event_types: [await eventType()], annotations: wrong };
    const answer = await call({ method: "POST", path: "/subscriptions", json });
    expect(answer).toMatchObject({ status: 422, json: { detail: `Field "annotations" ${message}\n` } });
  });
});
