import { describe, expect, test } from "vitest";
import { EventValidators } from "../event-types/schema/event-validator.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { scanBody } from "./scan.ts";
import { validationFault } from "./validate.ts";
import type { ValidationRules } from "./validate.ts";

const MAX = 1_000;
const validators = new EventValidators();

async function faultOf(
  event: string,
  schema: string,
  category: ValidationRules["category"] = "undefined",
): Promise<string | undefined> {
  const [item] = scanBody(new TextEncoder().encode(`[${event}]`), DEFAULT_LIMITS);
  if (!item) throw new Error("no event");
  return validationFault(item, {
    validator: await validators.of(schema),
    category,
    maxEventBytes: MAX,
  });
}

describe("size", () => {
  const event = (size: number): string => `{"x":"${"y".repeat(size - 8)}"}`;
  const tooLarge = `Event too large: ${MAX + 1} bytes, max size is ${MAX} bytes`;

  test.each([
    ["may be as large as allowed", event(MAX), undefined],
    ["not a byte larger", event(MAX + 1), tooLarge],
    ["is counted as sent, with whitespace", event(MAX - 1).replace("{", "{  "), tooLarge],
    ["is counted in bytes", event(MAX - 1).replace("yy", "éé"), tooLarge],
  ])("%s", async (_name, text, fault) => {
    expect(await faultOf(text, "{}")).toBe(fault);
  });

  test("comes first, so that no event can break its schema in millions of places", async () => {
    const schema = '{"properties":{"a":{"items":{"type":"string"}}}}';
    expect(await faultOf(`{"a":[${"1,".repeat(1_000_000)}1]}`, schema)).toMatch(/^Event too large/);
  });
});

describe("a number with a point or an exponent is not an integer", () => {
  const schema = '{"properties":{"n":{"type":"integer"},"x":{"type":"number"}}}';
  const fault = "#/n: expected type: Integer, found: Double";

  test.each([
    ['{"n":1,"x":1.0}', undefined],
    ['{"n":9007199254740993}', undefined],
    ['{"n":007}', undefined],
    ['{"n":1.0}', fault],
    ['{"n":1e2}', fault],
    ['{"n":-0}', fault],
    ['{"x":[{"n":1.0}]}', "#/x: expected type: Number, found: JSONArray"],
  ])("%s", async (event, sentence) => {
    expect(await faultOf(event, schema)).toBe(sentence);
  });
});

describe("the time of an event is checked after its schema", () => {
  const wrong = '{"metadata":{"occurred_at":"yesterday"}}';
  const sentence = "#/metadata/occurred_at:must be a valid date-time Text 'yesterday' could not be parsed at index 0";

  test("where there is metadata", async () => {
    expect(await faultOf(wrong, "{}", "business")).toBe(sentence);
    expect(await faultOf(wrong, "{}", "data")).toBe(sentence);
    expect(await faultOf(wrong, "{}")).toBeUndefined();
    expect(await faultOf(wrong, '{"required":["a"]}', "business")).toBe("#: required key [a] not found");
  });

  test.each(["{}", '{"metadata":null}', '{"metadata":{}}', '{"metadata":{"occurred_at":1}}'])(
    "%s has none",
    async (event) => {
      expect(await faultOf(event, "{}", "business")).toBeUndefined();
    },
  );
});
