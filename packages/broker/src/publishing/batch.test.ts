import { describe, expect, test } from "vitest";
import { Batch } from "./batch.ts";
import type { Steps } from "./batch.ts";
import type { PublishedItem } from "./scan.ts";

/** An event that says itself what becomes of it. */
function item(what: "fine" | "invalid" | "unassigned", eid = ""): PublishedItem {
  return {
    bytes: new Uint8Array(1),
    sentBytes: 1,
    value: { what, metadata: { eid } },
    metadata: undefined,
    hasOddNumbers: false,
  };
}

function batchOf(items: readonly PublishedItem[], steps: Partial<Steps> = {}): Batch {
  const batch = new Batch({
    validate: ({ value }) => (value["what"] === "invalid" ? "is invalid" : undefined),
    partition: ({ value }) => (value["what"] === "unassigned" ? "has no partition" : 7),
    record: ({ bytes }) => ({ value: bytes }),
    ...steps,
  });
  for (const one of items) batch.addEvent(one);
  return batch;
}

test("events that are fine have a record and a partition each", () => {
  const batch = batchOf([item("fine", "a"), item("fine", "b")]);
  expect(batch.refusal()).toBeUndefined();
  expect(batch.eids).toEqual(["a", "b"]);
  expect(batch.partitions).toEqual([7, 7]);
  expect(batch.records).toHaveLength(2);
});

test("a batch of nothing is fine", () => {
  expect(batchOf([]).refusal()).toBeUndefined();
});

describe("is refused for the earliest step, then for the first event", () => {
  const summary = (...kinds: Parameters<typeof item>[0][]): unknown =>
    batchOf(kinds.map((kind) => item(kind)))
      .refusal()
      ?.map(({ publishing_status, step, partition }) => `${publishing_status} ${step} ${partition}`);

  test("validation outweighs partitioning", () => {
    expect(summary("unassigned", "invalid", "fine")).toEqual([
      "aborted validating null",
      "failed validating null",
      "aborted none null",
    ]);
  });

  test("the first invalid event fails", () => {
    expect(summary("fine", "invalid", "invalid")).toEqual([
      "aborted validating null",
      "failed validating null",
      "aborted none null",
    ]);
  });

  test("the first unassigned event fails, and those before it had a partition", () => {
    expect(summary("fine", "unassigned", "fine", "unassigned")).toEqual([
      "aborted partitioning 7",
      "failed partitioning null",
      "aborted validating null",
      "aborted validating null",
    ]);
  });
});

test("nothing is done for events that will not be stored", () => {
  const done: string[] = [];
  const counted: Partial<Steps> = {
    validate: ({ value }) => (done.push("validate"), value["what"] === "invalid" ? "is invalid" : undefined),
    record: ({ bytes }) => (done.push("record"), { value: bytes }),
  };
  batchOf([item("invalid"), item("fine"), item("fine")], counted);
  expect(done).toEqual(["validate"]);
});
