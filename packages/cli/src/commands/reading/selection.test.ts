import { describe, expect, it } from "vitest";
import type { EventType } from "nakadi-client";
import { projectionOf, selectionOf, type SelectionFlags } from "./selection.ts";

const selects = (flags: SelectionFlags, types: readonly EventType[]) => {
  const selected = selectionOf(flags, types);
  return (event: unknown): boolean => selected(event, () => JSON.stringify(event));
};

const TYPE: EventType = {
  name: "order.created",
  owning_application: "shop",
  category: "undefined",
  partition_strategy: "hash",
  partition_key_fields: ["customer.id", "shop"],
  schema: { type: "json_schema", schema: "{}" },
};

describe("--where", () => {
  it.each([
    ["total > `100`", { total: 101 }, true],
    ["total > `100`", { total: 99 }, false],
    ["status == 'open' && items", { status: "open", items: [1] }, true],
    ["status == 'open' && items", { status: "open", items: [] }, false],
    ["contains(name, 'a')", { name: "abc" }, true],
    ["contains(name, 'a')", { name: 7 }, false],
    ["length(items) > `1`", {}, false],
    ["count", { count: 0 }, true],
    ["missing", {}, false],
  ])("%s of %j is %s", (where, event, expected) => {
    expect(selects({ where }, [TYPE])(event)).toBe(expected);
  });

  it("a function that does not fit an event's values gives null, and an unknown one is refused", () => {
    expect(projectionOf("length(items)")({ items: [1] })).toBe(1);
    expect(projectionOf("length(items)")({})).toBe(null);
    expect(() => projectionOf("size(items)")({})).toThrow(
      '"size(items)" is not a JMESPath expression: Unknown function',
    );
  });

  it("an expression that is none is said with an example", () => {
    expect(() => selects({ where: "total >" }, [TYPE])).toThrow('"total >" is not a JMESPath expression');
    expect(() => projectionOf("][")).toThrow("jmespath.org");
    expect(() => selects({ where: "total > 100" }, [TYPE])).toThrow("numbers stand in backticks");
  });

  it("a function that there is none of is said with the first event, not taken for no match", () => {
    expect(() => selects({ where: "nosuch(total)" }, [TYPE])({ total: 1 })).toThrow("nosuch");
    expect(() => selects({ where: "length(total, total)" }, [TYPE])({ total: "a" })).toThrow("length");
  });
});

describe("--key", () => {
  it("is what the key fields say, joined by commas", () => {
    const selected = selects({ key: "7,berlin" }, [TYPE]);
    expect(selected({ customer: { id: 7 }, shop: "berlin" })).toBe(true);
    expect(selected({ customer: { id: 8 }, shop: "berlin" })).toBe(false);
    expect(selected({ shop: "berlin" })).toBe(false);
  });

  it("of numbers is their text", () => {
    const selected = selectionOf({ key: "9007199254740993,1.0" }, [TYPE]);
    expect(selected({}, () => '{"customer":{"id":9007199254740993},"shop":1.0}')).toBe(true);
    expect(selected({}, () => '{"customer":{"id":9007199254740992},"shop":1.0}')).toBe(false);
  });

  it("is the compaction key too", () => {
    const selected = selects({ key: "a" }, [{ ...TYPE, partition_key_fields: [], cleanup_policy: "compact" }]);
    expect(selected({ metadata: { partition_compaction_key: "a" } })).toBe(true);
    expect(selected({ metadata: { partition_compaction_key: "b" } })).toBe(false);
  });

  it("of a data change lies below data", () => {
    const selected = selects({ key: "x" }, [{ ...TYPE, category: "data", partition_key_fields: ["id"] }]);
    expect(selected({ data: { id: "x" } })).toBe(true);
  });

  it("needs an event type with keys", () => {
    expect(() => selects({ key: "x" }, [{ ...TYPE, partition_key_fields: [] }])).toThrow("have no key");
  });
});

it("both together must hold", () => {
  const selected = selects({ key: "7,berlin", where: "open" }, [TYPE]);
  expect(selected({ customer: { id: 7 }, shop: "berlin", open: true })).toBe(true);
  expect(selected({ customer: { id: 7 }, shop: "berlin", open: false })).toBe(false);
});
