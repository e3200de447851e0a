/** Times in logs: found by bisection, searched, reset to, and how far behind they are. */
import { randomUUID } from "node:crypto";
import type { NakadiClient, SearchProgress } from "nakadi-client";
import { describe, expect, it } from "vitest";
import { collected } from "../support/collected.ts";
import { type EngineName, ENGINES, nakadiOn } from "../support/engines.ts";

interface Numbered {
  n: number;
  metadata: { received_at: string };
}

/** An event type whose events say when they came. */
async function business(nakadi: NakadiClient, partitions: number): Promise<string> {
  const name = `test.${randomUUID()}`;
  await nakadi.eventTypes.create({
    name,
    owning_application: "test",
    category: "business",
    enrichment_strategies: ["metadata_enrichment"],
    partition_strategy: "hash",
    partition_key_fields: ["n"],
    schema: { type: "json_schema", schema: '{"properties":{"n":{"type":"number"}}}' },
    default_statistic: {
      messages_per_minute: 1,
      message_size: 1,
      read_parallelism: partitions,
      write_parallelism: partitions,
    },
  });
  return name;
}

/** A moment that lies between what came before and what comes after. */
async function moment(): Promise<Date> {
  const passed = async (since: number): Promise<void> => {
    await expect.poll(() => Date.now() > since, { interval: 1 }).toBe(true);
  };
  await passed(Date.now());
  const now = new Date();
  await passed(now.getTime());
  return now;
}

async function log(
  engine: EngineName,
  partitions = 3,
): Promise<{ nakadi: NakadiClient; name: string; between: Date[] }> {
  const { nakadi } = await nakadiOn(engine);
  const name = await business(nakadi, partitions);
  const between: Date[] = [];
  for (let round = 0; round < 4; round += 1) {
    await nakadi.publisher(name).publish(Array.from({ length: 25 }, (_, index) => ({ n: round * 25 + index })));
    between.push(await moment());
  }
  return { nakadi, name, between };
}

const numbers = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, n) => from + n);

describe.each(ENGINES)("on %s:", (engine) => {
  describe("a time", () => {
    it("is found in each partition: what comes from there on came then or later, and all of that", async () => {
      const { nakadi, name, between } = await log(engine);
      for (const [round, time] of between.entries()) {
        const stream = nakadi.streamEventType<Numbered>(name, { from: { time }, until: "end", batchLimit: 7 });
        const seen = (await collected(stream)).flatMap(({ events }) => events.map(({ n }) => n));
        expect(seen.toSorted((a, b) => a - b)).toEqual(numbers((round + 1) * 25, 100));
      }
      expect(await nakadi.positions(name, { time: 0 })).toHaveLength(3);
    });

    it("of events that do not say when they came is the program's to tell", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType();
      await nakadi.publisher(name).publish([1, 2, 3, 4].map((day) => ({ key: "k", day: `2026-01-0${day}` })));
      await expect(nakadi.positions(name, { time: "2026-01-03" })).rejects.toMatchObject({
        code: "CONFIG",
        path: "of",
      });
      const of = ({ day }: { day: string }): string => day;
      expect(await nakadi.positions(name, { time: "2026-01-03", of })).toEqual([
        { partition: "0", offset: "001-0001-000000000000000001" },
      ]);
    });
  });

  describe("a reset", () => {
    it("to a time, the beginning, the end or the last n events sets every partition", async () => {
      const { nakadi, name, between } = await log(engine);
      const { id } = await nakadi.subscriptions.ensure({ owning_application: "test", event_types: [name] });
      const left = async (): Promise<number> =>
        (await nakadi.subscriptions.lag(id)).reduce((sum, { events = Number.NaN }) => sum + events, 0);
      expect(await left()).toBe(0);
      await nakadi.subscriptions.resetCursors(id, "begin");
      expect(await left()).toBe(100);
      const [, second] = between;
      const cursors = await nakadi.subscriptions.resetCursors(id, { time: second ?? 0 });
      expect([await left(), cursors.map(({ event_type }) => event_type)]).toEqual([50, [name, name, name]]);
      await nakadi.subscriptions.resetCursors(id, { last: 2 });
      expect(await left()).toBe(6);
      await nakadi.subscriptions.resetCursors(id, "end");
      expect(await left()).toBe(0);
    });
  });

  describe("a search", () => {
    it("finds what matches in all partitions, between two times, with the position of each event", async () => {
      const { nakadi, name, between } = await log(engine);
      const [from, until] = between;
      const progress: SearchProgress[] = [];
      const found = await collected(
        nakadi.search<Numbered>(name, ({ n }) => n % 2 === 0, {
          from: { time: from ?? 0 },
          until: { time: until ?? 0 },
          onProgress: (one) => progress.push(one),
        }),
      );
      expect(found.map(({ event }) => event.n).toSorted((a, b) => a - b)).toEqual(
        numbers(25, 50).filter((n) => n % 2 === 0),
      );
      for (const { event, cursor, raw } of found.slice(0, 3)) {
        expect(JSON.parse(Buffer.from(raw).toString())).toEqual(event);
        const [before] = await nakadi.eventTypes.shift(name, [{ ...cursor, shift: -1 }]);
        const stream = nakadi.streamEventType<Numbered>(name, { from: before ? [before] : "end" });
        expect((await stream.nextBatch())?.events).toEqual([event]);
        await stream.close();
      }
      expect(progress.at(-1)).toMatchObject({ found: found.length, remaining: 0 });
      expect(progress[0]?.total).toBe(25);
      expect(progress.at(-1)?.searched).toBeGreaterThanOrEqual(25);
    });

    it("finds nothing behind an end that is named, though batches reach beyond it", async () => {
      const { nakadi, name } = await log(engine);
      const until = await nakadi.positions(name, { last: 10 });
      const found = await collected(nakadi.search<Numbered>(name, () => true, { until }));
      const ends = until.map(({ partition }) => found.findLast(({ cursor }) => cursor.partition === partition)?.cursor);
      expect(ends).toEqual(until);
    });

    it("ends when its reader returns, and when it is aborted, with nothing left open", async () => {
      const { nakadi, name } = await log(engine);
      for await (const { event } of nakadi.search<Numbered>(name, () => true, { batchLimit: 1 })) {
        if (event.n >= 0) break;
      }
      const abort = new AbortController();
      const reason = new Error("enough");
      const searching = collected(
        nakadi.search<Numbered>(name, () => (abort.abort(reason), false), { batchLimit: 1, signal: abort.signal }),
      );
      await expect(searching).rejects.toBe(reason);
    });

    it("of an event type that does not exist, or in no range, is an error", async () => {
      const { nakadi } = await nakadiOn(engine);
      await expect(collected(nakadi.search("unknown", () => true))).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(() => nakadi.search("x", () => true, { from: { time: "yesterday" } })).toThrow(
        expect.objectContaining({ path: "options.from.time" }),
      );
    });
  });

  describe("a lag", () => {
    it("of a subscription is in events and seconds, for each partition", async () => {
      const { nakadi, name } = await log(engine, 2);
      const { id } = await nakadi.subscriptions.ensure({
        owning_application: "test",
        event_types: [name],
        consumer_group: "behind",
        read_from: "begin",
      });
      const lag = await nakadi.subscriptions.lag(id);
      expect(lag.map(({ partition }) => partition)).toEqual(["0", "1"]);
      expect(lag.reduce((sum, { events = 0 }) => sum + events, 0)).toBe(100);
      for (const { seconds } of lag) expect(seconds).toBeGreaterThanOrEqual(0);
    });

    it("of positions is as well", async () => {
      const { nakadi, name, between } = await log(engine, 1);
      const cursors = await nakadi.positions(name, { time: between[2] ?? 0 });
      const [lag] = await nakadi.lag(name, cursors);
      expect(lag).toMatchObject({ event_type: name, partition: "0", events: 25 });
      expect(lag?.seconds).toBeGreaterThan(0);
      expect(await nakadi.lag(name, await nakadi.positions(name, "end"))).toMatchObject([{ events: 0, seconds: 0 }]);
    });
  });
});
