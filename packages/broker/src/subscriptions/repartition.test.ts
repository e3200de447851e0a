import { expect, it, vi } from "vitest";
import { domainNode } from "../../test/domain-node.ts";
import { Access, allowAll } from "../authorization/authorizer.ts";
import { Subscriptions } from "./registry.ts";
import { repartition } from "./repartition.ts";

it("partitions are not added to a new event type of the same name", async () => {
  const node = await domainNode();
  const { eventTypes, log } = node;
  const definition = {
    name: "et",
    owning_application: "app",
    category: "undefined",
    schema: { type: "json_schema", schema: "{}" },
  };
  await eventTypes.create(definition);
  const grow = log.grow.bind(log);
  vi.spyOn(log, "grow").mockImplementationOnce(async (...args) => {
    await grow(...args);
    await eventTypes.delete("et", async () => false, new Access(allowAll));
    await eventTypes.create(definition);
  });
  const parts = { ...node, subscriptions: new Subscriptions(node) };
  await expect(repartition(parts, "et", 3)).rejects.toMatchObject({ status: 404 });
  const { partitions, timelines } = await eventTypes.get("et");
  expect(await log.bounds(timelines[0]?.log ?? "")).toHaveLength(partitions);
});
