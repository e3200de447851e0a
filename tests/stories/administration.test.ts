/** Everything that can be administered, as the client and the broker agree on it. */
import { randomUUID } from "node:crypto";
import { type NakadiClient, renderDifference, type Subscription } from "nakadi-client";
import { describe, expect, it } from "vitest";
import { business } from "../support/event-types.ts";
import { collected } from "../support/collected.ts";
import { ENGINES, nakadiOn } from "../support/engines.ts";

const unknown = `test.${randomUUID()}`;
describe.each(ENGINES)("on %s:", (engine) => {
  describe("event types", () => {
    it("are created, read, listed and deleted", async () => {
      const { nakadi } = await nakadiOn(engine);
      const wanted = { ...business(), annotations: { "example.org/a": "b" }, audience: "company-internal" as const };
      await nakadi.eventTypes.create(wanted);
      const got = await nakadi.eventTypes.get(wanted.name);
      expect(got).toMatchObject({ ...wanted, partition_strategy: "random", options: { retention_time: 172_800_000 } });
      expect(await nakadi.eventTypes.list({ owningApplication: "test" }).toArray()).toEqual([got]);
      await nakadi.eventTypes.delete(wanted.name);
      await expect(nakadi.eventTypes.get(wanted.name)).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("that exist, that are invalid, or that a subscription reads, are refused", async () => {
      const { nakadi, eventType, subscription } = await nakadiOn(engine);
      const name = await eventType();
      await expect(nakadi.eventTypes.create(business(name))).rejects.toMatchObject({ status: 409 });
      await expect(nakadi.eventTypes.create({ ...business(), name: "-" })).rejects.toMatchObject({ status: 422 });
      await subscription(name);
      await expect(nakadi.eventTypes.delete(name)).rejects.toMatchObject({ status: 409 });
      await expect(nakadi.eventTypes.delete(unknown)).rejects.toMatchObject({ status: 404 });
    });
  });

  describe("partitions and positions", () => {
    it("are listed, one by one as well, with what is left after a position", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType(11);
      await nakadi.publisher(name).publish([{ key: "a" }, { key: "a" }]);
      const partitions = await nakadi.eventTypes.partitions(name);
      expect(partitions.map(({ partition }) => partition)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
      const full = partitions.find((one) => one.newest_available_offset === "001-0001-000000000000000001");
      const partition = full?.partition ?? "";
      expect(await nakadi.eventTypes.partition(name, partition)).toEqual(full);
      expect(await nakadi.eventTypes.partition(name, partition, { consumedOffset: "BEGIN" })).toEqual({
        ...full,
        unconsumed_events: 2,
      });
      await expect(nakadi.eventTypes.partitions(unknown)).rejects.toMatchObject({ status: 404 });
      await expect(nakadi.eventTypes.partition(name, "11")).rejects.toMatchObject({ status: 404 });
      await expect(nakadi.eventTypes.partition(name, "0", { consumedOffset: "x" })).rejects.toMatchObject({
        status: 422,
      });
    });

    it("have distances, shifts and lags", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType();
      await nakadi.publisher(name).publish([{ key: "a" }, { key: "b" }, { key: "c" }]);
      const begin = { partition: "0", offset: "BEGIN" };
      const end = { partition: "0", offset: "001-0001-000000000000000002" };
      const pair = { initial_cursor: begin, final_cursor: end };
      expect(await nakadi.eventTypes.distances(name, [pair])).toEqual([{ ...pair, distance: 3 }]);
      expect(await nakadi.eventTypes.shift(name, [{ ...begin, shift: 3 }, end])).toEqual([end, end]);
      expect(await nakadi.eventTypes.lag(name, [begin, end])).toMatchObject([
        { unconsumed_events: 3 },
        { unconsumed_events: 0 },
      ]);
      const bad = { partition: "0", offset: "x" };
      await expect(nakadi.eventTypes.lag(name, [bad])).rejects.toMatchObject({ status: 422 });
      await expect(nakadi.eventTypes.shift(name, [{ ...begin, shift: -1 }])).rejects.toMatchObject({ status: 422 });
      await expect(
        nakadi.eventTypes.distances(name, [{ initial_cursor: begin, final_cursor: { ...end, partition: "1" } }]),
      ).rejects.toMatchObject({ status: 422 });
      await expect(nakadi.eventTypes.lag(unknown, [begin])).rejects.toMatchObject({ status: 404 });
    });
  });

  describe("subscriptions", () => {
    const request = (name: string, group = "default"): Parameters<NakadiClient["subscriptions"]["create"]>[0] => ({
      owning_application: "test",
      event_types: [name],
      consumer_group: group,
      read_from: "begin",
    });

    it("GO15: are listed to the end, however many there are", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType();
      const groups = Array.from({ length: 120 }, (_, n) => `g${n}`);
      const created = await Promise.all(groups.map((group) => nakadi.subscriptions.create(request(name, group))));
      const listed = await collected(nakadi.subscriptions.list({ owningApplication: "test", eventTypes: [name] }));
      expect(listed.map(({ id }) => id).toSorted()).toEqual(created.map(({ id }) => id).toSorted());
      expect(listed[0]?.status).toBeUndefined();
      // What goes while the list is read hides nothing of the rest.
      const seen: string[] = [];
      for await (const { id } of nakadi.subscriptions.list()) {
        seen.push(id);
        if (seen.length <= 10) await nakadi.subscriptions.delete(id);
      }
      expect(seen.toSorted()).toEqual(created.map(({ id }) => id).toSorted());
      const [first] = await collected(nakadi.subscriptions.list({ status: true }));
      expect(first?.status).toMatchObject([{ event_type: name, partitions: [{ state: "unassigned" }] }]);
      expect(await collected(nakadi.subscriptions.list({ reader: { data_type: "user", value: "x" } }))).toEqual([]);
    });

    it("change what may change, and nothing else", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const created = await nakadi.subscriptions.create(request(await eventType()));
      await nakadi.subscriptions.update({ ...created, annotations: { a: "b" }, labels: { c: "d" } });
      const changed = await nakadi.subscriptions.get(created.id);
      expect(changed).toMatchObject({
        ...created,
        annotations: { a: "b" },
        labels: { c: "d" },
        updated_at: expect.any(String),
      });
      for (const wrong of [{ read_from: "end" }, { consumer_group: "other" }, { annotations: { "": "" } }]) {
        await expect(nakadi.subscriptions.update({ ...changed, ...wrong } as Subscription)).rejects.toMatchObject({
          status: 422,
        });
      }
      await expect(nakadi.subscriptions.update({ ...created, id: unknown })).rejects.toMatchObject({ status: 404 });
    });

    it("of what does not exist, or in two ways, are refused", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      await expect(nakadi.subscriptions.create(request(unknown))).rejects.toMatchObject({ status: 422 });
      const cursors = { ...request(await eventType()), read_from: "cursors" as const, initial_cursors: [] };
      await expect(nakadi.subscriptions.create(cursors)).rejects.toMatchObject({ status: 422 });
      for (const attempt of [
        nakadi.subscriptions.get(unknown),
        nakadi.subscriptions.delete(unknown),
        nakadi.subscriptions.cursors(unknown),
        nakadi.subscriptions.stats(unknown),
        nakadi.subscriptions.resetCursors(unknown, []),
      ]) {
        await expect(attempt).rejects.toMatchObject({ code: "NOT_FOUND" });
      }
    });

    it("have positions, which are read and reset, and statistics", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType();
      const { id } = await nakadi.subscriptions.create(request(name));
      expect(await nakadi.subscriptions.cursors(id)).toEqual([]);
      await nakadi.publisher(name).publish([{ key: "a" }, { key: "b" }]);
      const cursor = { event_type: name, partition: "0", offset: "001-0001-000000000000000000" };
      await nakadi.subscriptions.resetCursors(id, [cursor]);
      expect(await nakadi.subscriptions.cursors(id)).toMatchObject([cursor]);
      expect(await nakadi.subscriptions.stats(id, { timeLag: true })).toMatchObject([
        {
          event_type: name,
          partitions: [{ partition: "0", state: "unassigned", unconsumed_events: 1, stream_id: "" }],
        },
      ]);
      for (const wrong of [{ offset: "001-0001-000000000000000009" }, { partition: "7" }, { event_type: unknown }]) {
        await expect(nakadi.subscriptions.resetCursors(id, [{ ...cursor, ...wrong }])).rejects.toMatchObject({
          status: 422,
        });
      }
    });
  });

  describe("the server", () => {
    it("says how it is, which it is, and what it knows", async () => {
      const { nakadi } = await nakadiOn(engine);
      expect(await nakadi.server.health()).toBe("OK");
      expect(await nakadi.server.version()).toEqual({ scm_source: null });
      expect(await nakadi.server.partitionStrategies()).toEqual(["hash", "user_defined", "random"]);
      expect(await nakadi.server.enrichmentStrategies()).toEqual(["metadata_enrichment"]);
    });
  });

  describe("what is to be there", () => {
    it("a subscription: is created and pinned, changed where it differs, and shown before", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType();
      const wanted = { owning_application: "test", event_types: [name], consumer_group: "ensured", labels: { a: "1" } };
      expect((await nakadi.subscriptions.ensure(wanted, { dryRun: true })).action).toBe("create");
      const created = await nakadi.subscriptions.ensure(wanted);
      expect(await nakadi.subscriptions.cursors(created.id)).toMatchObject([{ offset: "001-0001--1" }]);
      const other = { ...wanted, labels: { b: "2" } };
      expect(renderDifference(await nakadi.subscriptions.ensure(other, { dryRun: true }))).toBe(
        'update\n  - labels.a: "1"\n  + labels.b: "2"',
      );
      expect(await nakadi.subscriptions.get(created.id)).toEqual(created);
      expect((await nakadi.subscriptions.ensure(other)).labels).toEqual({ b: "2" });
      await expect(nakadi.subscriptions.ensure({ ...other, read_from: "begin" })).rejects.toMatchObject({
        status: 422,
      });
    });
  });
});
