/** What can be changed while events are published and read, and what an operator sets. */
import { randomUUID } from "node:crypto";
import { HttpError, renderDifference } from "nakadi-client";
import { describe, expect, it } from "vitest";
import { business } from "../support/event-types.ts";
import { collected } from "../support/collected.ts";
import { ENGINES, nakadiOn } from "../support/engines.ts";

const unknown = `test.${randomUUID()}`;
describe.each(ENGINES)("on %s:", (engine) => {
  describe("what changes", () => {
    it("an event type, where it may, with all the rest as it was", async () => {
      const { nakadi } = await nakadiOn(engine);
      const wanted = business();
      await nakadi.eventTypes.create(wanted);
      const before = await nakadi.eventTypes.get(wanted.name);
      await nakadi.eventTypes.update({ ...before, owning_application: "other", annotations: { a: "b" } });
      const after = await nakadi.eventTypes.get(wanted.name);
      expect(after).toEqual({
        ...before,
        owning_application: "other",
        annotations: { a: "b" },
        updated_at: expect.any(String),
      });
      await expect(nakadi.eventTypes.update({ ...after, category: "data" })).rejects.toMatchObject({ status: 422 });
      await expect(nakadi.eventTypes.update(business())).rejects.toMatchObject({ status: 404 });
    });

    it("an event type that is to be there: created, changed where it differs, shown before", async () => {
      const { nakadi } = await nakadiOn(engine);
      const wanted = business();
      expect((await nakadi.eventTypes.ensure(wanted, { dryRun: true })).action).toBe("create");
      const created = await nakadi.eventTypes.ensure(wanted);
      const layout = {
        ...wanted,
        schema: { ...wanted.schema, schema: '{ "properties": { "n": { "type": "number" } } }' },
      };
      expect(await nakadi.eventTypes.ensure(layout)).toEqual(created);
      const schema = '{"properties":{"n":{"type":"number"},"m":{"type":"string"}}}';
      const other = { ...wanted, schema: { ...wanted.schema, schema } };
      expect(renderDifference(await nakadi.eventTypes.ensure(other, { dryRun: true }))).toBe(
        'update\n  + schema.schema#/properties/m: {"type":"string"}',
      );
      expect((await nakadi.eventTypes.ensure(other)).schema).toMatchObject({ schema, version: "1.1.0" });
    });

    it("schemas, version by version", async () => {
      const { nakadi } = await nakadiOn(engine);
      const { name, schema } = business();
      await nakadi.eventTypes.create({ ...business(name), compatibility_mode: "none" });
      const versions = Array.from({ length: 24 }, (_, n) => ({ ...schema, schema: `{"description":"${n}"}` }));
      for (const version of versions) await nakadi.schemas.add(name, version);
      const listed = await collected(nakadi.schemas.list(name));
      expect(listed.map((one) => one.schema)).toEqual([...versions.toReversed(), schema].map((one) => one.schema));
      const [latest] = listed;
      expect(await nakadi.schemas.get(name)).toEqual(latest);
      expect(await nakadi.schemas.get(name, "1.0.0")).toMatchObject(schema);
      expect(await nakadi.schemas.find(name, { ...schema, schema: ' {"description": "23"} ' })).toEqual(latest);
      expect(await nakadi.schemas.find(name, { ...schema, schema: '{"description":"never"}' })).toBeUndefined();
      expect(await nakadi.schemas.checkCompatibility(name, "{}")).toMatchObject({ compatible: true });
      await expect(nakadi.schemas.find(unknown, schema)).rejects.toMatchObject({ status: 404 });
      await expect(nakadi.schemas.get(name, "9.9.9")).rejects.toMatchObject({ status: 404 });
      await expect(nakadi.schemas.add(name, { ...schema, schema: "[" })).rejects.toMatchObject({ status: 422 });
      await expect(collected(nakadi.schemas.list(unknown))).rejects.toMatchObject({ status: 404 });
    });

    it("the number of partitions, upwards only", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType(2);
      await nakadi.eventTypes.setPartitionCount(name, 3);
      expect(await nakadi.eventTypes.partitions(name)).toHaveLength(3);
      await expect(nakadi.eventTypes.setPartitionCount(name, 1)).rejects.toBeInstanceOf(HttpError);
      await expect(nakadi.eventTypes.setPartitionCount(unknown, 3)).rejects.toMatchObject({ status: 404 });
    });

    it("timelines, which readers do not notice", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType();
      await nakadi.publisher(name).publish([{ key: "a" }]);
      await nakadi.timelines.create(name, "default");
      await nakadi.publisher(name).publish([{ key: "b" }]);
      expect(await nakadi.timelines.list(name).toArray()).toMatchObject([
        { order: 1 },
        { order: 2, cleaned_up_at: null },
      ]);
      const stream = nakadi.streamEventType<{ key: string }>(name, { from: "begin", until: "end" });
      const read = await collected(stream);
      expect(read.map(({ events }) => events[0]?.key)).toEqual(["a", "b"]);
      expect((await nakadi.positions(name, { last: 2 }))[0]?.offset).toMatch(/^001-0001-/);
      await expect(nakadi.timelines.create(name, "nowhere")).rejects.toMatchObject({ status: 422 });
      await expect(nakadi.timelines.list(unknown).toArray()).rejects.toMatchObject({ status: 404 });
    });
  });

  describe("settings", () => {
    it("block and unblock consumers and producers", async () => {
      const { nakadi, eventType } = await nakadiOn(engine);
      const name = await eventType();
      await nakadi.settings.block("CONSUMER_ET", name);
      expect((await nakadi.settings.blacklist()).consumers.event_types).toEqual([name]);
      await expect(nakadi.streamEventType(name).nextBatch()).rejects.toMatchObject({ code: "FORBIDDEN" });
      await nakadi.settings.unblock("CONSUMER_ET", name);
      await nakadi.settings.unblock("CONSUMER_ET", name);
      expect((await nakadi.settings.blacklist()).consumers.event_types).toEqual([]);
      await expect(nakadi.settings.block("UNKNOWN" as "CONSUMER_ET", name)).rejects.toMatchObject({ status: 400 });
    });

    it("switch features, and name admins", async () => {
      const { nakadi } = await nakadiOn(engine);
      const feature = "disable_event_type_creation";
      await nakadi.settings.setFeature(feature, true);
      expect(await nakadi.settings.features()).toContainEqual({ feature, enabled: true });
      await expect(nakadi.eventTypes.create(business())).rejects.toMatchObject({ status: 501 });
      await expect(nakadi.settings.setFeature("nonsense", true)).rejects.toMatchObject({ status: 400 });
      const admins = [{ data_type: "user", value: "x" }];
      await nakadi.settings.setAdmins({ admins: admins, readers: admins, writers: admins });
      expect((await nakadi.settings.admins()).admins).toContainEqual(admins[0]);
      await expect(nakadi.settings.setAdmins({ admins: [], readers: admins, writers: admins })).rejects.toMatchObject({
        status: 422,
      });
    });

    it("name storages", async () => {
      const { nakadi } = await nakadiOn(engine);
      const [first] = await nakadi.storages.list().toArray();
      if (!first) throw new Error("no storage");
      expect(await nakadi.storages.get(first.id)).toEqual(first);
      const storage = { ...first, id: "second" };
      await nakadi.storages.create(storage);
      await expect(nakadi.storages.create(storage)).rejects.toMatchObject({ status: 409 });
      await nakadi.storages.setDefault("second");
      expect((await nakadi.storages.list().toArray()).find((one) => one.default)?.id).toBe("second");
      await nakadi.storages.setDefault(first.id);
      await nakadi.storages.delete("second");
      await expect(nakadi.storages.get("second")).rejects.toMatchObject({ status: 404 });
      await expect(nakadi.storages.delete("second")).rejects.toMatchObject({ status: 404 });
      await expect(nakadi.storages.setDefault("second")).rejects.toMatchObject({ status: 404 });
    });
  });
});
