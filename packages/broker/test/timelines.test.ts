import { describe, expect, it } from "vitest";
import type { TestBroker } from "./test-broker.ts";
import { LineStream } from "./http-client.ts";
import { hashed, testBroker } from "./test-broker.ts";

function newTimeline({ call }: TestBroker, name: string) {
  return call({ method: "POST", path: `/event-types/${name}/timelines`, json: { storage_id: "default" } });
}

async function shifted({ call }: TestBroker, name: string, offset: string, shift: number): Promise<unknown> {
  const json = [{ partition: "0", offset, shift }];
  const answer = await call({ method: "POST", path: `/event-types/${name}/shifted-cursors`, json });
  return answer.status === 200 ? (answer.json as { offset: string }[])[0]?.offset : answer.status;
}

describe("timelines", () => {
  it("are listed as an operator wants to see them", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    await broker.publish(name, [{ n: 1 }, { n: 2 }]);
    expect((await newTimeline(broker, name)).status).toBe(201);
    const { json } = await broker.call({ path: `/event-types/${name}/timelines` });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
    const common = { id: expect.any(String), topic: expect.any(String), event_type: name, storage_id: "default" };
    expect(json).toEqual([
      {
        ...common,
        order: 1,
        created_at: time,
        switched_at: time,
        cleaned_up_at: time,
        latest_position: { offsets: [1] },
      },
      { ...common, order: 2, created_at: time, switched_at: time, cleaned_up_at: null, latest_position: null },
    ]);
    const [first, second] = json as { cleaned_up_at: string; switched_at: string }[];
    expect(Date.parse(first?.cleaned_up_at ?? "") - Date.parse(second?.switched_at ?? "")).toBe(172_800_000);
  });

  it("are refused with what is wrong", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const ask = (path: string, json: unknown) => broker.call({ method: "POST", path, json });
    expect((await newTimeline(broker, "nonsense")).status).toBe(404);
    expect((await ask(`/event-types/${name}/timelines`, { storage_id: "other" })).status).toBe(422);
    expect((await ask(`/event-types/${name}/timelines`, {})).status).toBe(422);
    expect((await ask(`/event-types/${name}/timelines`, [])).status).toBe(400);
    expect((await broker.call({ path: "/event-types/nonsense/timelines" })).status).toBe(404);
  });

  it("are crossed by shifted cursors", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    expect(await shifted(broker, name, "BEGIN", 0)).toBe("001-0001--1");
    await newTimeline(broker, name);
    await broker.publish(name, [{ n: 1 }, { n: 2 }]);
    const fromBegin = await Promise.all([0, 1, 3, -1].map((shift) => shifted(broker, name, "BEGIN", shift)));
    expect(fromBegin).toEqual(["001-0001--1", "001-0002-000000000000000000", "001-0002-000000000000000002", 422]);
    await newTimeline(broker, name);
    await broker.publish(name, [{ n: 3 }, { n: 4 }]);
    const back = [-1, -2, -3, -4, -5].map((shift) => shifted(broker, name, "001-0003-000000000000000001", shift));
    expect(await Promise.all(back)).toEqual([
      "001-0003-000000000000000000",
      "001-0003--1",
      "001-0002-000000000000000000",
      "001-0002--1",
      422,
    ]);
  });

  it("may be committed across, by streams that were open before", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 1 }, { n: 2 }]);
    const stream = await broker.open(id, { batch_limit: 2, max_uncommitted_events: 2 });
    const { cursor } = await stream.nextEvents();
    await newTimeline(broker, name);
    expect((await broker.commit(id, stream.id, [cursor])).status).toBe(204);
    const { json } = await broker.call({ path: `/subscriptions/${id}/cursors` });
    expect(json).toMatchObject({ items: [{ offset: "001-0002--1" }] });
    await broker.publish(name, [{ n: 3 }, { n: 4 }]);
    expect(await stream.nextEvents()).toMatchObject({
      cursor: { offset: "001-0002-000000000000000001" },
      events: [{ n: 3 }, { n: 4 }],
    });
  });

  it("lose and reorder nothing of what is published while they are switched, on either kind of stream", async () => {
    const broker = await testBroker();
    const { publish, eventType, subscription, open } = broker;
    const name = await eventType(hashed(2));
    const stream = await open(await subscription([name]), { batch_limit: 10, max_uncommitted_events: 10_000 });
    const lowLevel = await LineStream.open(broker.broker.url, {
      path: `/event-types/${name}/events?batch_limit=1`,
      headers: { "x-nakadi-cursors": '[{"partition":"0","offset":"BEGIN"},{"partition":"1","offset":"BEGIN"}]' },
    });
    const ROUNDS = 40;
    async function publisher(p: string): Promise<void> {
      for (let n = 0; n < ROUNDS; n += 1) expect((await publish(name, [{ p, n }])).status).toBe(200);
    }
    async function operator(): Promise<void> {
      for (let n = 0; n < 10; n += 1) expect((await newTimeline(broker, name)).status).toBe(201);
    }
    await Promise.all([publisher("0"), publisher("1"), operator()]);
    for (const reader of [stream, lowLevel]) {
      const seen: Record<string, number[]> = { 0: [], 1: [] };
      for (let count = 0; count < 2 * ROUNDS;) {
        const { events = [] } = await reader.nextEvents();
        for (const { p, n } of events as { p: string; n: number }[]) seen[p]?.push(n);
        count += events.length;
      }
      const all = Array.from({ length: ROUNDS }, (_, n) => n);
      expect(seen).toEqual({ 0: all, 1: all });
    }
    expect((await broker.call({ path: `/event-types/${name}/timelines` })).json).toHaveLength(11);
  });
});
