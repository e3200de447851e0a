import { ManualClock } from "nakadi-protocol";
import { expect, it, vi } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import { Access, allowAll } from "../authorization/authorizer.ts";
import { EventTypes } from "../event-types/catalogue.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { Writers } from "../log/writers.ts";
import { Features } from "../settings/features.ts";
import { Subscriptions } from "./registry.ts";
import { repartition } from "./repartition.ts";

it("more partitions are not given to another event type that has got the name", async () => {
  const clock = new ManualClock();
  const storage = new MemoryEngine({ clock }).node("node");
  const features = new Features(storage.metadata);
  let uuids = 0;
  const uuid = (): string => `log-${uuids++}`;
  const base = { ...storage, features, limits: DEFAULT_LIMITS, clock, uuid };
  const eventTypes = new EventTypes(base);
  const subscriptions = new Subscriptions({ ...base, eventTypes });
  const writers = new Writers({ ...base, eventTypes });
  const definition = {
    name: "et",
    owning_application: "app",
    category: "undefined",
    schema: { type: "json_schema", schema: "{}" },
  };
  await eventTypes.create(definition);
  const grow = storage.log.grow.bind(storage.log);
  vi.spyOn(storage.log, "grow").mockImplementationOnce(async (...log) => {
    await grow(...log);
    await eventTypes.delete("et", async () => false, new Access(allowAll));
    await eventTypes.create(definition);
  });
  const parts = { ...base, eventTypes, subscriptions, writers };
  await expect(repartition(parts, "et", 3)).rejects.toMatchObject({ status: 404 });
  const { partitions, timelines } = await eventTypes.get("et");
  expect(await storage.log.bounds(timelines[0]?.log ?? "")).toHaveLength(partitions);
});
