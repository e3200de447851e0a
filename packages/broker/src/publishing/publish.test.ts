import { ManualClock } from "nakadi-protocol";
import type { BatchItemResponse } from "nakadi-protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { domainNode } from "../../test/domain-node.ts";
import type { LogPort, Storage } from "nakadi-storage";
import { Access, allowAll } from "../authorization/authorizer.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { publish } from "./publish.ts";
import type { PublishOutcome } from "./append.ts";
import type { PublishingParts } from "./publish.ts";

const NEVER = new AbortController().signal;
const EID = "7b7c7100-0559-11e6-a837-0800200c9a66";
const METADATA = { eid: EID, occurred_at: "2026-01-02T03:04:05Z" };
const ORDER = '{"type":"object","properties":{"order":{"type":"string"}},"required":["order"]}';

let storage: Storage;
let parts: PublishingParts;

beforeEach(async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  let logs = 0;
  const node = await domainNode({ clock, uuid: () => `log-${logs++}` });
  storage = node;
  parts = { ...node, blacklist: node.settings.blacklist, random: () => 0 };
});

interface Definition {
  category?: "undefined" | "business" | "data";
  schema?: string;
  partitions?: number;
  more?: object;
}

async function create({
  category = "undefined",
  schema = "{}",
  partitions = 1,
  more = {},
}: Definition = {}): Promise<void> {
  await parts.eventTypes.create({
    name: "et",
    owning_application: "shop",
    category,
    enrichment_strategies: category === "undefined" ? [] : ["metadata_enrichment"],
    schema: { type: "json_schema", schema },
    default_statistic: {
      messages_per_minute: 1,
      message_size: 1,
      read_parallelism: partitions,
      write_parallelism: 1,
    },
    ...more,
  });
}

function send(body: string | Uint8Array | object[], log: LogPort = storage.log): Promise<PublishOutcome> {
  const bytes =
    body instanceof Uint8Array
      ? body
      : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return publish({ ...parts, log }, "et", bytes, { flowId: "flow", access: new Access(allowAll, "producer") }, NEVER);
}

/** What a partition of the first log holds, as text. */
async function stored(partition = 0): Promise<string[]> {
  const { frames } = await storage.log.read("log-0", partition, 0, { bytes: 1e9, records: 1e6 }, NEVER);
  return frames.flatMap(({ records }) => records.map(({ value }) => new TextDecoder().decode(value ?? undefined)));
}

function itemsOf(outcome: PublishOutcome): BatchItemResponse[] {
  if (outcome.status === 200) throw new Error("all was stored");
  return outcome.items;
}

describe("what is stored", () => {
  test("is what was sent, without whitespace", async () => {
    await create();
    expect(
      await send(
        '[ { "z" : 1.0, "a": 10000000000000000000000.5e-3,\n "text": "two  spaces\\u00e9\\n\\/" } ,{"é": "ü"}]',
      ),
    ).toEqual({ status: 200, events: 2 });
    expect(await stored()).toEqual([
      '{"z":1.0,"a":10000000000000000000000.5e-3,"text":"two  spaces\\u00e9\\n\\/"}',
      '{"é":"ü"}',
    ]);
  });

  test("has metadata only where the category has it", async () => {
    await create();
    await send([{ metadata: { eid: 1 } }]);
    expect(await stored()).toEqual(['{"metadata":{"eid":1}}']);
  });

  test("has its metadata completed", async () => {
    await create({ category: "business", schema: ORDER, partitions: 2 });
    parts.random = () => 0.9;
    expect(await send([{ metadata: { ...METADATA, partition: "7" }, order: "A" }])).toEqual({
      status: 200,
      events: 1,
    });
    const [text = ""] = await stored(1);
    expect(JSON.parse(text)).toEqual({
      metadata: {
        ...METADATA,
        event_type: "et",
        partition: "1",
        received_at: "2026-01-02T03:04:05.678Z",
        flow_id: "flow",
        version: "1.0.0",
        published_by: "producer",
      },
      order: "A",
    });
  });

  test("keeps its order in each partition", async () => {
    await create({
      partitions: 2,
      more: { partition_strategy: "hash", partition_key_fields: ["p"] },
    });
    await send(["0", "1", "0", "1", "1", "0", "0"].map((p, n) => ({ p, n })));
    const numbers = async (partition: number): Promise<number[]> =>
      (await stored(partition)).map((text) => (JSON.parse(text) as { n: number }).n);
    expect(await numbers(0)).toEqual([0, 2, 5, 6]);
    expect(await numbers(1)).toEqual([1, 3, 4]);
  });

  test("has a key if it is compacted", async () => {
    await create({ category: "business", more: { cleanup_policy: "compact" } });
    await send([{ metadata: { ...METADATA, partition_compaction_key: "k" } }]);
    const { frames } = await storage.log.read("log-0", 0, 0, { bytes: 1e9, records: 1 }, NEVER);
    expect(frames[0]?.records[0]?.key).toBe("k");
  });

  test("an empty batch is accepted, and nothing stored", async () => {
    await create();
    expect(await send("[]")).toEqual({ status: 200, events: 0 });
    expect(await stored()).toEqual([]);
  });
});

describe("an unreadable body is a bad request, whatever else is wrong", () => {
  test.each(["", " ", "{", "[1]", '[{"a":1},{"a":}]', '[{"a":1,"a":2}]'])("%j", async (body) => {
    await expect(send(body)).rejects.toMatchObject({ status: 400 });
    await create();
    await expect(send(body)).rejects.toMatchObject({ status: 400 });
    expect(await stored()).toEqual([]);
  });

  test("then the event type must exist", async () => {
    for (const body of ["[]", '[{"n":1}]']) {
      await expect(send(body)).rejects.toMatchObject({
        status: 404,
        message: 'EventType "et" does not exist.',
      });
    }
  });

  test("with a JSON schema", async () => {
    await create({ more: { schema: { type: "avro_schema", schema: '{"type":"string"}' } } });
    await expect(send("[")).rejects.toMatchObject({ status: 400 });
    await expect(send("[{}]")).rejects.toMatchObject({
      status: 404,
      message: "No json_schema found for event type: et",
    });
  });
});

describe("one bad event refuses the batch", () => {
  test("at validation: events before it were validated, events after it not", async () => {
    await create({ category: "business", schema: ORDER });
    const good = { metadata: METADATA, order: "A" };
    const items = itemsOf(await send([good, { metadata: METADATA, order: 2 }, { metadata: METADATA, order: 3 }]));
    const aborted = { publishing_status: "aborted", detail: "", eid: EID, partition: null };
    expect(items).toEqual([
      { ...aborted, step: "validating" },
      {
        ...aborted,
        publishing_status: "failed",
        detail: "#/order: expected type: String, found: Integer",
        step: "validating",
      },
      { ...aborted, step: "none" },
    ]);
    expect(await stored()).toEqual([]);
  });

  test("at partitioning: events before it have a partition", async () => {
    await create({
      partitions: 2,
      more: { partition_strategy: "hash", partition_key_fields: ["p"] },
    });
    const items = itemsOf(await send([{ p: "0" }, { p: "1" }, { q: "2" }, { p: "3" }]));
    expect(
      items.map(({ publishing_status, detail, step, partition }) => [publishing_status, detail, step, partition]),
    ).toEqual([
      ["aborted", "", "partitioning", "0"],
      ["aborted", "", "partitioning", "1"],
      ["failed", "field p doesn't exist.", "partitioning", null],
      ["aborted", "", "validating", null],
    ]);
    expect(await stored()).toEqual([]);
  });

  test.each([
    [{}, "#: required key [metadata] not found", ""],
    [
      { metadata: {} },
      "#/metadata: 2 schema violations found\n#/metadata: required key [eid] not found\n#/metadata: required key [occurred_at] not found",
      "",
    ],
    [{ metadata: null }, "#/metadata: expected type: JSONObject, found: Null", ""],
    [{ metadata: "none" }, "#/metadata: expected type: JSONObject, found: String", ""],
    [
      { metadata: { ...METADATA, occurred_at: "yesterday" } },
      "#/metadata/occurred_at:must be a valid date-time Text 'yesterday' could not be parsed at index 0",
      EID,
    ],
  ])("metadata that is not right is the event's fault, not the request's: %j", async (event, detail, eid) => {
    await create({ category: "business" });
    expect(await send([event])).toEqual({
      status: 422,
      items: [{ publishing_status: "failed", detail, step: "validating", eid, partition: null }],
    });
  });
});

test("an event too deep for a schema that refers to itself is refused alone", async () => {
  parts.limits = { ...DEFAULT_LIMITS, maxEventDepth: 1_000_000 };
  await create({ schema: '{"properties":{"a":{"$ref":"#"}}}' });
  const deep = `${'{"a":'.repeat(100_000)}{}${"}".repeat(100_000)}`;
  expect(itemsOf(await send(`[{},${deep}]`))[1]).toMatchObject({
    publishing_status: "failed",
    step: "validating",
  });
  expect(await send("[{}]")).toEqual({ status: 200, events: 1 });
});

describe("storage", () => {
  const failing = (append: LogPort["append"]): LogPort =>
    Object.assign(Object.create(storage.log) as LogPort, { append });

  test("that refuses some partitions is answered event by event", async () => {
    await create({
      partitions: 2,
      more: { partition_strategy: "hash", partition_key_fields: ["p"] },
    });
    const log = failing(
      async () =>
        new Map([
          [0, { outcome: "stored", first: 0, last: 1, timestampMs: 0 }],
          [1, { outcome: "not-stored", cause: new Error("full") }],
        ]),
    );
    const outcome = await send([{ p: "0" }, { p: "1" }, { p: "2" }], log);
    expect(outcome.status).toBe(207);
    expect(
      itemsOf(outcome).map(({ publishing_status, detail, partition }) => [publishing_status, detail, partition]),
    ).toEqual([
      ["submitted", "", "0"],
      ["failed", "internal error", "1"],
      ["submitted", "", "0"],
    ]);
  });

  test("without the log means that the event type does not exist", async () => {
    await create();
    await storage.log.remove("log-0");
    await expect(send("[{}]")).rejects.toMatchObject({ status: 404 });
  });

  test("that fails otherwise fails the request", async () => {
    await create();
    await expect(
      send(
        "[{}]",
        failing(() => Promise.reject(new Error("broken"))),
      ),
    ).rejects.toThrow("broken");
  });
});
