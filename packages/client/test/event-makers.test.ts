/** Events of the categories with metadata, tombstones and tags: how they are made, checked and sent. */
import { inspect } from "node:util";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  type BusinessEvent,
  businessEvents,
  ConfigError,
  type DataChangeEvent,
  dataChanges,
  InvalidEventError,
  NakadiError,
  type PublisherOptions,
  tombstone,
} from "../src/index.ts";
import { items, scripted } from "./scripted-publisher.ts";

interface Order {
  order: string;
  total?: number;
}

const eid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string;
const occurred_at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const OrderSchema = z.object({ order: z.string(), total: z.number().optional(), currency: z.string().default("EUR") });

/** A schema as any library may write it. */
function schemaOf(validate: StandardSchemaV1<Order>["~standard"]["validate"]): StandardSchemaV1<Order> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

describe("business events", () => {
  it("are the payload with metadata beside it, filled in where they are missing; the payload stays as it is", () => {
    const made = businessEvents<Order>();
    const payload = { order: "1" };
    expect(made(payload)).toEqual({ order: "1", metadata: { eid, occurred_at } });
    expect(payload).toEqual({ order: "1" });
    const metadata = { eid: "mine", occurred_at: "then", parent_eids: ["other"], partition_compaction_key: "1" };
    expect(made(payload, metadata)).toEqual({ order: "1", metadata });
    expect(made(payload).metadata.eid).not.toBe(made(payload).metadata.eid);
  });

  it("are typed by the schema's input, and held against it; what it would fill in or convert is left alone", () => {
    const made = businessEvents(OrderSchema);
    expectTypeOf(made).parameter(0).toEqualTypeOf<{
      order: string;
      total?: number | undefined;
      currency?: string | undefined;
    }>();
    expect(made({ order: "1" })).toEqual({ order: "1", metadata: { eid, occurred_at } });
    expectTypeOf(businessEvents<Order>()({ order: "1" })).toEqualTypeOf<BusinessEvent<Order>>();
  });

  it.each([[null], ["text"], [[1]], [1]])("%j is refused as a payload", (payload) => {
    expect(() => businessEvents()(payload as never)).toThrow(expect.objectContaining({ path: "payload" }));
  });

  it("have no metadata in the payload", () => {
    expect(() => businessEvents()({ metadata: {} })).toThrow(expect.objectContaining({ path: "payload.metadata" }));
  });
});

describe("data changes", () => {
  it.each([
    ["create", "C"],
    ["update", "U"],
    ["delete", "D"],
    ["snapshot", "S"],
  ] as const)("%s is %s", (method, data_op) => {
    const made: DataChangeEvent<Order> = dataChanges<Order>("order")[method]({ order: "1" }, { eid: "mine" });
    expect(made).toEqual({ data_type: "order", data_op, data: { order: "1" }, metadata: { eid: "mine", occurred_at } });
  });

  it("are typed by the schema's input, and held against it", () => {
    const orders = dataChanges("order", OrderSchema);
    expectTypeOf(orders.create).parameter(0).toMatchObjectType<{ order: string }>();
    expect(() => orders.snapshot({ order: 1 } as never)).toThrow(InvalidEventError);
  });

  it("have a type", () => {
    expect(() => dataChanges("")).toThrow(expect.objectContaining({ path: "dataType" }));
  });
});

describe("what a schema refuses", () => {
  it("is an error with the schema's issues; neither message nor inspect quotes the event", () => {
    const refusing = schemaOf((value) => ({ issues: [{ message: `no: ${JSON.stringify(value)}`, path: ["order"] }] }));
    let thrown: unknown;
    try {
      businessEvents(refusing)({ order: "DE99" });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidEventError);
    expect(thrown).toBeInstanceOf(ConfigError);
    expect([NakadiError.is(thrown), thrown]).toMatchObject([true, { code: "CONFIG", path: "payload" }]);
    expect((thrown as InvalidEventError).issues).toEqual([{ message: 'no: {"order":"DE99"}', path: ["order"] }]);
    expect(inspect(thrown, { depth: 9 }) + JSON.stringify(thrown)).not.toContain("DE99");
  });

  it("is known at once: a schema that takes its time is refused itself", () => {
    for (const result of [Promise.resolve({ value: { order: "1" } }), Promise.reject(new Error("late"))]) {
      expect(() => businessEvents(schemaOf(() => result))({ order: "1" })).toThrow(
        expect.objectContaining({ code: "CONFIG", path: "schema" }),
      );
    }
  });
});

describe("tombstones", () => {
  it("are made of a key and of what the partition is chosen by", () => {
    expect(tombstone("k")).toEqual({ metadata: { partition_compaction_key: "k" } });
    expect(tombstone("k", { order: "1", metadata: { partition: "3" } })).toEqual({
      order: "1",
      metadata: { partition: "3", partition_compaction_key: "k" },
    });
    expect(() => tombstone("")).toThrow(expect.objectContaining({ path: "key" }));
  });

  it("are sent to their own place, as they are, with no tag and without asking for the category", async () => {
    const { nakadi, transport, clock } = scripted([]);
    const publisher = nakadi.publisher("e", { consumerSubscriptionId: "1f1f1f1f-0000-4000-8000-000000000000" });
    await publisher.delete([]);
    const { verdicts } = await publisher.delete([tombstone("a"), tombstone("b", { metadata: { eid: "mine" } })]);
    expect(verdicts).toMatchObject([{ status: "submitted" }, { status: "submitted", eid: "mine" }]);
    expect(transport.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /event-types/e/deleted-events",
    ]);
    expect(transport.requests[0]?.headers["x-consumer-tag"]).toBeUndefined();
    expect(JSON.parse(String(transport.requests[0]?.body))).toEqual([
      { metadata: { partition_compaction_key: "a" } },
      { metadata: { partition_compaction_key: "b", eid: "mine" } },
    ]);
    expect(clock.pending).toBe(0);
  });

  it("of an event type that is not compacted are rejected, all of them: no event is named as failed", async () => {
    const { nakadi } = scripted([items(422, ["aborted", "none"], ["aborted", "none"])]);
    await expect(nakadi.publisher("e").delete([tombstone("a"), tombstone("b")])).rejects.toMatchObject({
      code: "PUBLISH",
      message: expect.stringContaining("POST /event-types/e/deleted-events: of 2 events 2 rejected"),
      verdicts: [{ status: "rejected", detail: "the event type is not compacted" }, { status: "rejected" }],
    });
  });

  it("without a key are refused before anything is sent", async () => {
    const { publisher, transport } = scripted([]);
    for (const wrong of [{}, { metadata: {} }, { metadata: { partition_compaction_key: "" } }]) {
      await expect(publisher.delete([tombstone("a"), wrong as never])).rejects.toMatchObject({
        path: "tombstones[1].metadata.partition_compaction_key",
      });
    }
    expect(transport.requests).toEqual([]);
  });

  it("of a publisher that is closed are aborted", async () => {
    const { publisher } = scripted([]);
    await publisher.stop();
    expect((await publisher.delete([tombstone("a")])).verdicts).toMatchObject([{ status: "aborted" }]);
  });
});

describe("a consumer tag", () => {
  const id = "1f1f1f1f-0000-4000-8000-000000000000";

  it("goes with every request that carries events", async () => {
    const { publisher, transport, inTime } = scripted([], { consumerSubscriptionId: id });
    await publisher.publish([{}]);
    await inTime(publisher.send({}));
    expect(transport.requests.map(({ headers }) => headers["x-consumer-tag"])).toEqual(
      Array(2).fill(`consumer_subscription_id=${id}`),
    );
  });

  it.each([["x"], [""], [`${id}, other=1`], [1]])("%j is refused as a subscription's id", (consumerSubscriptionId) => {
    const { nakadi } = scripted([]);
    expect(() => nakadi.publisher("e", { consumerSubscriptionId } as PublisherOptions)).toThrow(
      expect.objectContaining({ path: "options.consumerSubscriptionId" }),
    );
  });
});
