import { describe, expect, it } from "vitest";
import type { LineStream, StreamLine } from "./http-client.ts";
import { manualBroker, testBroker, type TestBroker } from "./test-broker.ts";

const STRANGER = "7b7c7100-0559-11e6-a837-0800200c9a66";

/** Events that only `subscription` may see. */
async function publishFor({ call }: TestBroker, name: string, events: readonly unknown[], subscription = STRANGER) {
  const headers = { "x-consumer-tag": `consumer_subscription_id=${subscription}` };
  const answer = await call({ method: "POST", path: `/event-types/${name}/events`, headers, json: events });
  expect(answer.status).toBe(200);
}

async function committed({ call }: TestBroker, id: string): Promise<string> {
  const { json } = await call({ path: `/subscriptions/${id}/cursors` });
  return (json as { items: { offset: string }[] }).items[0]?.offset.slice(-3) ?? "";
}

async function unconsumed({ call }: TestBroker, id: string): Promise<number | undefined> {
  const { json } = await call({ path: `/subscriptions/${id}/stats` });
  return (json as { items: { partitions: { unconsumed_events: number }[] }[] }).items[0]?.partitions[0]
    ?.unconsumed_events;
}

const hidden = (count: number): unknown[] => Array.from({ length: count }, (_, n) => ({ hidden: n }));

describe("events that a stream must not show", () => {
  it("are committed for it after five seconds at most, and count as unconsumed until then", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.open(id);
    await publishFor(broker, name, hidden(3));
    expect([await committed(broker, id), await unconsumed(broker, id)]).toEqual(["--1", 3]);
    const afterAWhile = async (): Promise<string> => {
      broker.clock.advance(1_000);
      return committed(broker, id);
    };
    await expect.poll(afterAWhile).toBe("002");
    expect(await unconsumed(broker, id)).toBe(0);
  });

  it("are not committed over what the client has not committed, and go with the commit of what follows", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 0 }]);
    await publishFor(broker, name, hidden(2));
    await broker.publish(name, [{ n: 3 }]);
    const stream = await broker.open(id);
    const [first, second] = [await stream.nextEvents(), await stream.nextEvents()];
    expect([first.cursor.offset.slice(-3), second.cursor.offset.slice(-3)]).toEqual(["000", "003"]);
    broker.clock.advance(10_000);
    expect(await committed(broker, id)).toBe("--1");
    expect((await broker.commit(id, stream.id, [second.cursor])).status).toBe(204);
    expect(await committed(broker, id)).toBe("003");
  });

  it("are committed when the stream ends, behind what its client has committed", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 0 }]);
    await publishFor(broker, name, hidden(2));
    const stream = await broker.open(id, { stream_limit: 1 });
    const { cursor } = await stream.nextEvents();
    await broker.commit(id, stream.id, [cursor]);
    await stream.rest();
    expect(await committed(broker, id)).toBe("002");
  });

  it("are committed when the partition goes to another stream, which begins behind them", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.open(id);
    await publishFor(broker, name, hidden(2));
    const direct = await broker.openDirect(id, { partitions: [{ event_type: name, partition: "0" }] });
    await broker.publish(name, [{ n: 2 }]);
    expect((await direct.nextEvents()).cursor.offset.slice(-3)).toBe("002");
    expect(await committed(broker, id)).toBe("001");
  });

  it("count towards the stream limit, which is compared with what is committed", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 0 }]);
    await publishFor(broker, name, hidden(1));
    const stream = await broker.open(id, { stream_limit: 2, batch_flush_timeout: 60 });
    const { cursor } = await stream.nextEvents();
    await broker.commit(id, stream.id, [cursor]);
    const lines: StreamLine[] = [];
    const ended = readAll(stream, lines);
    await expect
      .poll(() => {
        broker.clock.advance(1_000);
        return lines.map(({ info }) => info?.debug);
      })
      .toContain("Stream limit in events reached: 2");
    await ended;
  });

  it("are shown to the one that they are for, whatever lies between them", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await publishFor(broker, name, hidden(1));
    await publishFor(broker, name, [{ n: 1 }], id);
    await publishFor(broker, name, hidden(1));
    const stream = await broker.open(id);
    const { cursor, events } = await stream.nextEvents();
    expect([cursor.offset.slice(-3), events]).toEqual(["001", [{ n: 1 }]]);
  });
});

async function readAll(stream: LineStream, lines: StreamLine[]): Promise<void> {
  for (const line of await stream.rest()) lines.push(line);
}

describe("events that retention has taken", () => {
  const HOURS_MS = 3_600_000;

  it("are reported in the first batch of their partition, and reading resumes with the oldest that is left", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType({ options: { retention_time: 3 * HOURS_MS } });
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 0 }, { n: 1 }, { n: 2 }]);
    const first = await broker.open(id, { stream_limit: 1 });
    await broker.commit(id, first.id, [(await first.nextEvents()).cursor]);
    await first.rest();
    broker.clock.advance(4 * HOURS_MS);
    await broker.publish(name, [{ n: 3 }]);
    const second = await broker.open(id);
    expect(await second.next()).toMatchObject({
      cursor: { offset: "001-0001-000000000000000003" },
      events: [{ n: 3 }],
      info: { debug: "Stream started; skipped events due to retention time passed, count: 2" },
    });
  });

  it("do not keep a stream from a keep-alive that says so, when nothing is left", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType({ options: { retention_time: 3 * HOURS_MS } });
    const id = await broker.subscription([name]);
    await broker.call({ method: "PATCH", path: `/subscriptions/${id}/cursors`, json: { items: [] } });
    await broker.publish(name, [{ n: 0 }, { n: 1 }]);
    broker.clock.advance(4 * HOURS_MS);
    const stream = await broker.open(id);
    broker.clock.advance(30_000);
    expect(await stream.next()).toMatchObject({
      cursor: { offset: "001-0001-000000000000000001" },
      info: { debug: "Stream started; skipped events due to retention time passed, count: 2" },
    });
  });

  it.each([2, 1_000_000, -1_000_000])(
    "are not those whose age the wall clock has made up, set by %d hours",
    async (hours) => {
      const broker = await manualBroker();
      const name = await broker.eventType({ options: { retention_time: 3 * HOURS_MS } });
      const id = await broker.subscription([name]);
      await broker.publish(name, [{ n: 0 }]);
      broker.clock.advance(2 * HOURS_MS);
      broker.clock.jumpWall(hours * HOURS_MS);
      await broker.publish(name, [{ n: 1 }]);
      const stream = await broker.open(id, { batch_limit: 2 });
      expect((await stream.nextEvents()).events).toEqual([{ n: 0 }, { n: 1 }]);
      broker.clock.advance(HOURS_MS);
      const { json } = await broker.call({ path: `/event-types/${name}/partitions/0` });
      expect(json).toMatchObject({ oldest_available_offset: "001-0001-000000000000000001" });
    },
  );
});
