import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eidOf, partlyStoredItems, refusedItems } from "./item-responses.ts";

describe("a batch is refused as a whole", () => {
  test.each([
    ["validating", "none"],
    ["partitioning", "validating"],
    ["enriching", "partitioning"],
  ] as const)("at %s", (step, behind) => {
    const aborted = { publishing_status: "aborted", detail: "", partition: null };
    expect(refusedItems(["a", "b", "c", ""], { step, index: 2, detail: "why" }, [])).toEqual([
      { ...aborted, step, eid: "a" },
      { ...aborted, step, eid: "b" },
      { ...aborted, publishing_status: "failed", detail: "why", step, eid: "c" },
      { ...aborted, step: behind, eid: "" },
    ]);
  });

  test("answers name the partitions that were found", () => {
    const items = refusedItems(["a", "b", "c"], { step: "partitioning", index: 1, detail: "why" }, [5]);
    expect(items.map(({ partition }) => partition)).toEqual(["5", null, null]);
  });

  test("one answer an event, in its order, exactly one of them failed", () => {
    fc.assert(
      fc.property(fc.array(fc.uuid(), { minLength: 1 }), fc.nat(), (eids, any) => {
        const index = any % eids.length;
        const items = refusedItems(eids, { step: "validating", index, detail: "why" }, []);
        expect(items.map(({ eid }) => eid)).toEqual(eids);
        expect(items.flatMap(({ publishing_status }, at) => (publishing_status === "failed" ? [at] : []))).toEqual([
          index,
        ]);
        expect(Object.keys(items[0] ?? {})).toEqual(["publishing_status", "detail", "step", "eid", "partition"]);
      }),
    );
  });
});

test("what storage took is submitted, the rest failed", () => {
  const items = partlyStoredItems(["a", "b", "c"], [0, 1, 0], (partition) =>
    partition === 1 ? "internal error" : undefined,
  );
  const submitted = {
    publishing_status: "submitted",
    detail: "",
    step: "publishing",
    partition: "0",
  };
  expect(items).toEqual([
    { ...submitted, eid: "a" },
    {
      publishing_status: "failed",
      detail: "internal error",
      step: "publishing",
      eid: "b",
      partition: "1",
    },
    { ...submitted, eid: "c" },
  ]);
});

test.each([
  [{ metadata: { eid: "x" } }, "x"],
  [{ metadata: { eid: 1 } }, ""],
  [{ metadata: {} }, ""],
  [{ metadata: null }, ""],
  [{ metadata: "none" }, ""],
  [{}, ""],
])("the eid of %j", (event, eid) => {
  expect(eidOf(event)).toBe(eid);
});
