import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LineStream } from "./http-client.ts";
import { hashed, manualBroker, testBroker } from "./test-broker.ts";

const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, index) => ({ n: from + index }));

describe("a subscription stream", () => {
  it("sends its head at once and the first keep-alive with the flush timeout", async () => {
    const { eventType, subscription, open, clock } = await manualBroker();
    const name = await eventType();
    const stream = await open(await subscription([name]), { batch_flush_timeout: 2 });
    expect(stream.headers).toMatchObject({
      "content-type": "application/x-json-stream",
      "transfer-encoding": "chunked",
    });
    expect(stream.id).toMatch(/^[0-9a-f-]{36}$/);
    clock.advance(2_000);
    const line = await stream.next();
    expect(line).toEqual({
      cursor: { partition: "0", offset: "001-0001--1", event_type: name, cursor_token: expect.any(String) },
      info: { debug: "Stream started" },
    });
    clock.advance(2_000);
    expect(Object.keys(await stream.next())).toEqual(["cursor"]);
  });

  it("delivers events as the bytes that came in", async () => {
    const { eventType, subscription, open, call } = await testBroker();
    const name = await eventType();
    const event = `{"a":1.0,"big":12345678901234567,"text":"\\u00e9é","e":1E2}`;
    await call({ method: "POST", path: `/event-types/${name}/events`, body: `[${event}]` });
    const stream = await open(await subscription([name]));
    const line = await stream.next();
    expect(line.cursor.offset).toBe("001-0001-000000000000000000");
    expect(line.events).toEqual([JSON.parse(event)]);
  });

  it("delivers what is published while it is open, and goes on behind what was committed", async () => {
    const { eventType, subscription, open, publish, commit } = await testBroker();
    const name = await eventType();
    const id = await subscription([name]);
    const first = await open(id, { batch_limit: 2, max_uncommitted_events: 100 });
    await publish(name, numbers(4));
    const one = await first.nextEvents();
    const two = await first.nextEvents();
    expect([one.events, two.events]).toEqual([numbers(2), numbers(2, 3)]);
    expect((await commit(id, first.id, [one.cursor])).status).toBe(204);
    expect((await commit(id, first.id, [two.cursor])).status).toBe(204);
    first.close();
    await publish(name, numbers(2, 5));
    const second = await open(id, { batch_limit: 10, batch_flush_timeout: 1 });
    expect((await second.nextEvents()).events).toEqual(numbers(2, 5));
  });

  it("ends with its commit timeout in no time on a manual clock, and its id is worth nothing then", async () => {
    const { eventType, subscription, open, publish, commit, clock } = await manualBroker();
    const name = await eventType();
    const id = await subscription([name]);
    await publish(name, numbers(2));
    const stream = await open(id);
    await stream.next();
    const { cursor } = await stream.next();
    clock.advance(60_000);
    const [last, ...more] = (await stream.rest()).filter(({ info }) => info);
    expect(last?.info?.debug).toBe("Commit timeout reached");
    expect(more).toEqual([]);
    const refused = await commit(id, stream.id, [cursor]);
    expect([refused.status, refused.json]).toEqual([
      422,
      { title: "Unprocessable Entity", status: 422, detail: `Session with stream id ${stream.id} not found` },
    ]);
  });

  it("shares partitions with a stream that joins before the first one has taken up its own", async () => {
    // On disk a session takes a while to be there: time enough for another one.
    const directory = mkdtempSync(join(tmpdir(), "nakadi-joining-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const { eventType, subscription, open, publish } = await testBroker({ storage: { directory } });
    const name = await eventType(hashed(4));
    await publish(
      name,
      numbers(4).map(({ n }) => ({ p: String(n) })),
    );
    for (let turn = 0; turn < 5; turn += 1) {
      const id = await subscription([name]);
      const streams = await Promise.all([open(id), open(id)]);
      const seen = new Set<string>();
      const read = async (stream: LineStream): Promise<void> => {
        while (seen.size < 4) seen.add((await stream.nextEvents()).cursor.partition);
      };
      await Promise.race(streams.map(read));
      for (const stream of streams) stream.close();
    }
  });

  it("shares partitions with a second stream, and takes them back when that one ends", async () => {
    const { eventType, subscription, open, publish, commit, call } = await testBroker();
    const name = await eventType(hashed(4));
    const id = await subscription([name]);
    const owners = async (): Promise<string[]> => {
      const { json } = await call({ path: `/subscriptions/${id}/stats` });
      return (
        (json as { items: { partitions: { stream_id: string }[] }[] }).items[0]?.partitions.map(
          (one) => one.stream_id,
        ) ?? []
      );
    };
    const a = await open(id, { batch_flush_timeout: 1 });
    expect(await owners()).toEqual([a.id, a.id, a.id, a.id]);
    const b = await open(id, { batch_flush_timeout: 1, stream_limit: 2 });
    await expect.poll(owners).toEqual([a.id, a.id, b.id, b.id]);
    await publish(
      name,
      ["0", "1", "2", "3"].map((p) => ({ p })),
    );
    const ofB = [await b.nextEvents(), await b.nextEvents()];
    expect(new Set(ofB.map(({ cursor }) => cursor.partition))).toEqual(new Set(["2", "3"]));
    await commit(
      id,
      b.id,
      ofB.map(({ cursor }) => cursor),
    );
    expect((await b.rest()).at(-1)?.info?.debug).toBe("Stream limit in events reached: 2");
    await expect.poll(owners).toEqual([a.id, a.id, a.id, a.id]);
    const ofA = [await a.nextEvents(), await a.nextEvents()];
    await commit(
      id,
      a.id,
      ofA.map(({ cursor }) => cursor),
    );
    await publish(
      name,
      ["0", "1", "2", "3"].map((p) => ({ p })),
    );
    const again = [await a.nextEvents(), await a.nextEvents(), await a.nextEvents(), await a.nextEvents()];
    expect(again.map(({ cursor }) => `${cursor.partition}@${Number(cursor.offset.slice(-2))}`).sort()).toEqual([
      "0@1",
      "1@1",
      "2@1",
      "3@1",
    ]);
  });

  it("hands a partition over only when what was sent of it is committed", async () => {
    const { eventType, subscription, open, publish, commit, clock } = await manualBroker();
    const name = await eventType(hashed(2));
    const id = await subscription([name]);
    await publish(name, [{ p: "0" }, { p: "1" }]);
    const a = await open(id);
    const [first, second] = [await a.nextEvents(), await a.nextEvents()];
    const b = await open(id, { batch_flush_timeout: 1 });
    clock.advance(3_000);
    expect(b.waiting).toBe(0);
    await commit(id, a.id, [first.cursor, second.cursor]);
    await publish(name, [{ p: "0" }, { p: "1" }]);
    const [ofA, ofB] = [await a.nextEvents(), await b.nextEvents()];
    expect(new Set([ofA.cursor.partition, ofB.cursor.partition])).toEqual(new Set(["0", "1"]));
    expect(ofB.cursor.offset).toBe("001-0001-000000000000000001");
  });

  it("reads the partitions it requests, which no other stream may request", async () => {
    const { eventType, subscription, openDirect, publish, call } = await testBroker();
    const name = await eventType(hashed(3));
    const id = await subscription([name]);
    await publish(
      name,
      ["0", "1", "2"].map((p) => ({ p })),
    );
    const direct = await openDirect(id, { partitions: [{ event_type: name, partition: "1" }] });
    expect((await direct.nextEvents()).cursor.partition).toBe("1");
    const again = await call({
      method: "POST",
      path: `/subscriptions/${id}/events`,
      json: { partitions: [{ event_type: name, partition: "1" }] },
    });
    expect(again.status).toBe(409);
  });

  it("has no slot for more streams than partitions, until one ends", async () => {
    const { eventType, subscription, open, call } = await testBroker();
    const id = await subscription([await eventType()]);
    const first = await open(id);
    const refused = await call({ path: `/subscriptions/${id}/events` });
    expect([refused.status, refused.json]).toMatchObject([409, { detail: expect.stringContaining("No free slots") }]);
    first.close();
    await expect.poll(async () => (await call({ path: `/subscriptions/${id}/stats` })).text).not.toContain(first.id);
    expect((await open(id)).status).toBe(200);
  });

  it("takes commits of a stream whose client is gone for as long as its commit timeout", async () => {
    const { eventType, subscription, open, publish, commit, call, clock } = await manualBroker();
    const name = await eventType();
    const id = await subscription([name]);
    await publish(name, numbers(2));
    const stream = await open(id);
    const { cursor } = await stream.next();
    stream.close();
    await expect.poll(async () => (await commit(id, stream.id, [cursor])).status).toBe(204);
    clock.advance(60_000);
    await expect.poll(async () => (await call({ path: `/subscriptions/${id}/stats` })).text).not.toContain(stream.id);
  });

  it("frees the slot of a disconnected client, and uncommitted events are delivered again", async () => {
    const { eventType, subscription, open, publish } = await testBroker();
    const name = await eventType();
    const id = await subscription([name]);
    await publish(name, numbers(2));
    const gone = await open(id);
    await gone.nextEvents();
    gone.close();
    // The broker sees the end of a connection in its own time.
    const opened: LineStream[] = [];
    const tryToOpen = (): Promise<LineStream[]> =>
      open(id).then(
        (stream) => [stream],
        () => [],
      );
    await expect.poll(async () => opened.push(...(await tryToOpen()))).toBe(1);
    expect((await opened[0]?.nextEvents())?.events).toEqual(numbers(1));
  });

  it("pauses a client that takes nothing and keeps memory bounded", async () => {
    const { eventType, subscription, open, publish } = await testBroker({ limits: { maxStreamBufferBytes: 100_000 } });
    const name = await eventType();
    const id = await subscription([name]);
    const stream = await open(id, { batch_limit: 10, max_uncommitted_events: 1_000_000 });
    stream.pause();
    const text = "x".repeat(10_000);
    for (let n = 0; n < 400; n += 1)
      await publish(
        name,
        Array.from({ length: 10 }, () => ({ text })),
      );
    stream.resume();
    let events = 0;
    while (events < 4_000) events += (await stream.nextEvents()).events?.length ?? 0;
    expect(events).toBe(4_000);
  });

  it("refuses parameters out of their bounds before anything else", async () => {
    const { call } = await testBroker();
    const ask = async (query: string): Promise<[number, unknown]> => {
      const { status, json } = await call({ path: `/subscriptions/none/events?${query}` });
      return [status, (json as { detail: string }).detail];
    };
    expect(await ask("batch_limit=0")).toEqual([422, "batch_limit can't be lower than 1"]);
    expect(await ask("commit_timeout=61")).toEqual([422, "commit_timeout can not be more than 60"]);
    expect(await ask("commit_timeout=-1")).toEqual([422, "commit_timeout can not be less than 0"]);
    expect((await ask("batch_limit=many"))[0]).toBe(400);
    expect(await ask("batch_limit=1")).toEqual([404, 'Subscription with id "none" does not exist']);
  });

  it("ends cleanly when the broker stops", async () => {
    const { broker, eventType, subscription, open } = await testBroker();
    const stream = await open(await subscription([await eventType()]));
    const [lines] = await Promise.all([stream.rest(), broker.stop()]);
    expect(lines).toEqual([]);
  });
});

describe("positions", () => {
  it("are fixed by the first stream or an empty reset, not before", async () => {
    const { eventType, subscription, publish, call, open } = await testBroker();
    const name = await eventType();
    const id = await subscription([name], { read_from: "end" });
    const path = `/subscriptions/${id}/cursors`;
    expect((await call({ path })).json).toEqual({ items: [] });
    await publish(name, numbers(2));
    expect((await call({ method: "PATCH", path, json: { items: [] } })).status).toBe(204);
    await publish(name, numbers(1, 3));
    expect((await call({ path })).json).toMatchObject({ items: [{ offset: "001-0001-000000000000000001" }] });
    expect((await (await open(id)).nextEvents()).events).toEqual([{ n: 3 }]);
  });

  it("are set back while a stream is open: the stream says so and ends, and the next one reads again", async () => {
    const { eventType, subscription, publish, call, open, commit } = await testBroker();
    const name = await eventType();
    const id = await subscription([name]);
    await publish(name, numbers(3));
    const stream = await open(id, { batch_limit: 3, batch_flush_timeout: 1 });
    await commit(id, stream.id, [(await stream.nextEvents()).cursor]);
    const items = [{ event_type: name, partition: "0", offset: "001-0001-000000000000000000" }];
    const reset = await call({ method: "PATCH", path: `/subscriptions/${id}/cursors`, json: { items } });
    expect(reset.status).toBe(204);
    expect((await stream.rest()).at(-1)?.info?.debug).toBe("Resetting subscription cursors");
    expect((await (await open(id, { batch_limit: 5, batch_flush_timeout: 1 })).nextEvents()).events).toEqual(
      numbers(2, 2),
    );
  });
});
