import { describe, expect, it, onTestFinished } from "vitest";
import { type EventType, NakadiClient } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";

function testClient(): { nakadi: NakadiClient; transport: ScriptedTransport; sent: () => string[] } {
  const transport = new ScriptedTransport();
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport });
  onTestFinished(() => nakadi.close());
  return { nakadi, transport, sent: () => transport.requests.map(({ method, path }) => `${method} ${path}`) };
}

const json = (status: number, body: unknown): { status: number; body: string } => ({
  status,
  body: JSON.stringify(body),
});

describe("ensuring an event type", () => {
  const wanted: EventType = {
    name: "e",
    owning_application: "o",
    category: "undefined",
    schema: { type: "json_schema", schema: "{}" },
  };
  const stored = { ...wanted, labels: {}, "x-unknown": 1, schema: { ...wanted.schema, version: "1.0.0" } };

  it("creates it where it is missing, and says how the server has it", async () => {
    const { nakadi, transport, sent } = testClient();
    transport.willAnswer({ status: 404 }, { status: 201 }, json(200, stored));
    expect(await nakadi.eventTypes.ensure(wanted)).toEqual(stored);
    expect(sent()).toEqual(["GET /event-types/e", "POST /event-types", "GET /event-types/e"]);
  });

  it("changes what differs and nothing else, unknown members included", async () => {
    const { nakadi, transport, sent } = testClient();
    transport.willAnswer(json(200, stored), { status: 200 }, json(200, { ...stored, labels: { a: "b" } }));
    await nakadi.eventTypes.ensure({ ...wanted, labels: { a: "b" } });
    expect(sent()).toEqual(["GET /event-types/e", "PUT /event-types/e", "GET /event-types/e"]);
    expect(JSON.parse(String(transport.requests[1]?.body))).toEqual({ ...stored, labels: { a: "b" } });
  });

  it("sends nothing where nothing differs", async () => {
    const { nakadi, transport, sent } = testClient();
    transport.willAnswer(json(200, stored));
    expect(await nakadi.eventTypes.ensure(wanted)).toEqual(stored);
    expect(sent()).toEqual(["GET /event-types/e"]);
  });

  it("that is refused as there, and is not, ends with the refusal", async () => {
    const { nakadi, transport, sent } = testClient();
    transport.onRequest = ({ method }) =>
      transport.requests.length > 20 ? { status: 403 } : { status: method === "GET" ? 404 : 409 };
    await expect(nakadi.eventTypes.ensure(wanted)).rejects.toMatchObject({ status: 409 });
    expect(sent()).toEqual(["GET /event-types/e", "POST /event-types", "GET /event-types/e"]);
  });

  it("that another client creates in the same moment looks again", async () => {
    const { nakadi, transport, sent } = testClient();
    transport.willAnswer({ status: 404 }, { status: 409 }, json(200, stored));
    expect(await nakadi.eventTypes.ensure(wanted)).toEqual(stored);
    expect(sent()).toEqual(["GET /event-types/e", "POST /event-types", "GET /event-types/e"]);
  });

  it("with dryRun only says what it would do", async () => {
    const { nakadi, transport, sent } = testClient();
    transport.willAnswer(json(200, stored), { status: 404 });
    expect(await nakadi.eventTypes.ensure({ ...wanted, owning_application: "p" }, { dryRun: true })).toEqual({
      action: "update",
      changes: [{ path: "owning_application", before: "o", after: "p" }],
    });
    expect((await nakadi.eventTypes.ensure(wanted, { dryRun: true })).action).toBe("create");
    expect(sent()).toEqual(["GET /event-types/e", "GET /event-types/e"]);
  });

  it.each([403, 422, 503])("that is refused with %i says so", async (status) => {
    const { nakadi, transport } = testClient();
    transport.willAnswer(json(200, stored), { status });
    await expect(nakadi.eventTypes.ensure({ ...wanted, category: "data" })).rejects.toMatchObject({ status });
  });
});

describe("ensuring a subscription", () => {
  const wanted = { owning_application: "o", event_types: ["b", "a", "b"], consumer_group: "g" };
  const stored = {
    ...wanted,
    event_types: ["a", "b"],
    read_from: "end",
    id: "s",
    annotations: { x: "1" },
    "x-unknown": 1,
  };

  it("changes an old one where it differs, without touching its positions", async () => {
    const { nakadi, transport, sent } = testClient();
    const changed = { ...stored, annotations: { x: "2" } };
    transport.willAnswer(json(200, stored), { status: 204 }, json(200, changed));
    expect(await nakadi.subscriptions.ensure({ ...wanted, annotations: { x: "2" } })).toEqual(changed);
    expect(sent()).toEqual(["POST /subscriptions", "PUT /subscriptions/s", "GET /subscriptions/s"]);
    expect(JSON.parse(String(transport.requests[1]?.body))).toEqual(changed);
  });

  it("sends nothing more where nothing differs, in whichever order the event types are named", async () => {
    const { nakadi, transport, sent } = testClient();
    transport.willAnswer(json(200, stored));
    expect(await nakadi.subscriptions.ensure(wanted)).toEqual(stored);
    expect(sent()).toEqual(["POST /subscriptions"]);
  });

  it("that is to begin elsewhere than it does is refused by the server, and not taken for done", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer(json(200, stored), { status: 422 });
    await expect(nakadi.subscriptions.ensure({ ...wanted, read_from: "begin" })).rejects.toMatchObject({ status: 422 });
    expect(JSON.parse(String(transport.requests[1]?.body))).toEqual({ ...stored, read_from: "begin" });
  });

  it("with dryRun only looks for the one of exactly this identity", async () => {
    const { nakadi, transport, sent } = testClient();
    const others = [
      { ...stored, event_types: ["a", "b", "c"] },
      { ...stored, consumer_group: "default" },
    ];
    transport.willAnswer(json(200, { items: [...others, stored] }), json(200, { items: others }));
    expect(await nakadi.subscriptions.ensure({ ...wanted, annotations: {} }, { dryRun: true })).toEqual({
      action: "update",
      changes: [{ path: "annotations.x", before: "1", after: undefined }],
    });
    expect((await nakadi.subscriptions.ensure(wanted, { dryRun: true })).action).toBe("create");
    expect(sent()[0]).toBe("GET /subscriptions?owning_application=o&event_type=b&event_type=a&token=new&limit=100");
    expect(sent()).toHaveLength(2);
  });
});
