import fc from "fast-check";
import { expect, test } from "vitest";
import { enricher } from "./enrich.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { scanBody } from "./scan.ts";

const ENRICHMENT = {
  eventType: "order.created",
  version: "1.2.3",
  publishedBy: "unauthenticated",
  receivedAt: "2026-01-02T03:04:05.678Z",
  flowId: "request-flow",
};

function enrich(event: string): string {
  const [item] = scanBody(new TextEncoder().encode(`[${event}]`), DEFAULT_LIMITS);
  if (!item) throw new Error("no event");
  return new TextDecoder().decode(enricher(ENRICHMENT)(item, 3));
}

test("metadata is completed where it stands", () => {
  const text = enrich('{ "a" : 1.0, "metadata": { "eid": "x", "partition": "7" }, "b": "\\u00e9  \\/" }');
  expect(text).toMatch(/^\{"a":1\.0,"metadata":\{.*\},"b":"\\u00e9 {2}\\\/"\}$/);
  expect(JSON.parse(text)).toEqual({
    a: 1,
    b: "é  /",
    metadata: {
      eid: "x",
      event_type: "order.created",
      partition: "3",
      received_at: "2026-01-02T03:04:05.678Z",
      flow_id: "request-flow",
      version: "1.2.3",
      published_by: "unauthenticated",
    },
  });
});

test("what is right in it keeps its bytes", () => {
  const given = '"eid":"\\u0078","event_type":"order.created","partition":"3","flow_id":"own","n":1.0';
  expect(enrich(`{"metadata":{${given}}}`)).toBe(
    `{"metadata":{${given},"received_at":"2026-01-02T03:04:05.678Z","version":"1.2.3","published_by":"unauthenticated"}}`,
  );
});

test("one batch may hold events that lack this and events that lack that", () => {
  const events = ['{"metadata":{"a":1}}', '{"metadata":{"flow_id":"own"}}', '{"metadata":{"a":2}}', "{}"];
  const enrich = enricher(ENRICHMENT);
  const complete = Array.from(
    scanBody(new TextEncoder().encode(`[${events.join()}]`), DEFAULT_LIMITS),
    (item, index) => JSON.parse(new TextDecoder().decode(enrich(item, index))) as object,
  );
  expect(complete).toMatchObject([
    { metadata: { a: 1, flow_id: "request-flow", partition: "0" } },
    { metadata: { flow_id: "own", partition: "1" } },
    { metadata: { a: 2, flow_id: "request-flow", partition: "2" } },
    {},
  ]);
  expect(complete[3]).toEqual({});
});

test.each([
  ['{"flow_id":"own"}', "own"],
  ['{"flow_id":""}', "request-flow"],
  ["{}", "request-flow"],
])("the flow id of %s", (metadata, flowId) => {
  expect(JSON.parse(enrich(`{"metadata":${metadata}}`))).toHaveProperty("metadata.flow_id", flowId);
});

test("what is in it keeps its text where something else has to go", () => {
  const odd = '"span_ctx":{"n":[1.0,-0,1e2,9007199254740993],"s":"\\u0078,}\\""},"é":"\\ud800"';
  const ours = enrich('{"metadata":{}}').slice('{"metadata":{'.length);
  expect(enrich(`{"metadata":{"\\u0070artition":"7",${odd},"flow_id":""}}`)).toBe(`{"metadata":{${odd},${ours}`);
});

test("names that mean something to JavaScript stay", () => {
  const text = enrich('{"metadata":{"span_ctx":{"__proto__":"a","constructor":"b"}}}');
  expect(text).toContain('"span_ctx":{"__proto__":"a","constructor":"b"}');
});

test("every other byte stays as it is", () => {
  const member = fc.tuple(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }));
  const metadata = fc.dictionary(
    fc.constantFrom("eid", "event_type", "partition", "flow_id", "span_ctx", "é"),
    fc.jsonValue(),
    {
      noNullPrototype: true,
    },
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(member, { selector: ([name]) => name, maxLength: 5 }),
      metadata,
      fc.nat(5),
      (members, given, at) => {
        const texts = members
          .filter(([name]) => name !== "metadata")
          .map((one) => one.map((part) => JSON.stringify(part)).join(":"));
        fc.pre(!/[0-9]{19}/.test(texts.join() + JSON.stringify(given)));
        const before = texts.slice(0, at);
        const behind = texts.slice(at);
        const text = enrich(`{${[...before, `"metadata":${JSON.stringify(given)}`, ...behind].join()}}`);
        const start = `{${[...before, '"metadata":'].join()}`;
        const end = `${behind.map((one) => `,${one}`).join("")}}`;
        expect(text.startsWith(start)).toBe(true);
        expect(text.endsWith(end)).toBe(true);
        const sent = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
        const complete: unknown = JSON.parse(text.slice(start.length, text.length - end.length));
        expect(complete).toEqual({
          ...sent,
          event_type: "order.created",
          partition: "3",
          received_at: "2026-01-02T03:04:05.678Z",
          flow_id: sent["flow_id"] || "request-flow",
          version: "1.2.3",
          published_by: "unauthenticated",
        });
      },
    ),
  );
});

test("the request's bytes are not touched", () => {
  const body = new TextEncoder().encode('[{"metadata":{"eid":"x"}}]');
  const before = body.slice();
  for (const item of scanBody(body, DEFAULT_LIMITS)) enricher(ENRICHMENT)(item, 0);
  expect(body).toEqual(before);
});
