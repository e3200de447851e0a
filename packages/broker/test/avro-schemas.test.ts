import { describe, expect, it } from "vitest";
import { testBroker } from "./test-broker.ts";

const MINIMAL = { owning_application: "test", category: "undefined", schema: { type: "json_schema", schema: "{}" } };

describe("Avro schemas", () => {
  const record = (...fields: object[]): object => ({
    type: "avro_schema",
    schema: JSON.stringify({ type: "record", name: "r", fields }),
  });
  const A = { name: "a", type: "string" };
  const B = { name: "b", type: "int" };
  const B_OR_7 = { ...B, default: 7 };

  it.each([
    "{",
    "[]",
    "null",
    '{"type":"record"}',
    '{"type":"record","name":"r","fields":[{"name":"a"}]}',
    '"strange"',
  ])("%s is none", async (schema) => {
    const test = await testBroker();
    const json = { ...MINIMAL, name: "avro", schema: { type: "avro_schema", schema } };
    const { status, json: problem } = await test.call({ method: "POST", path: "/event-types", json });
    expect([status, problem]).toMatchObject([422, { detail: `failed to parse avro schema ${schema}` }]);
  });

  it.each<[mode: string, before: object, after: object, version: string | undefined]>([
    ["forward", record(A), record(A), "1.0.0"],
    ["forward", record(A), record(A, B), "2.0.0"],
    ["forward", record(A, B), record(A), undefined],
    ["forward", record(A, B_OR_7), record(A), "2.0.0"],
    ["compatible", record(A), record(A, B), undefined],
    ["compatible", record(A), record(A, B_OR_7), "2.0.0"],
    ["none", record(A), record(B), "2.0.0"],
  ])("in mode %s from %j to %j: %s", async (compatibility_mode, schema, after, version) => {
    const test = await testBroker();
    const name = await test.eventType({ compatibility_mode, schema });
    const path = `/event-types/${name}/schemas`;
    const { status, text } = await test.call({ method: "POST", path, json: after });
    const refusal = expect.stringContaining("Failed to evolve avro schema due to ") as string;
    expect([status, text]).toEqual(version === undefined ? [422, refusal] : [200, ""]);
    expect((await test.call({ path: `${path}/latest` })).json).toMatchObject({ version: version ?? "1.0.0" });
    const checked = await test.call({
      method: "POST",
      path: `${path}/1.0.0/compatibility-check`,
      json: { schema: (after as { schema: string }).schema },
    });
    if (version === undefined) expect(checked.json).toMatchObject({ compatible: false, error: refusal });
    const found = await test.call({ method: "POST", path: `${path}?fetch=true`, json: after });
    expect(found.status).toBe(version === undefined ? 404 : 200);
  });
});
