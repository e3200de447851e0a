import { describe, expect, test } from "vitest";
import { ManualClock } from "nakadi-protocol";
import type { LogPort, NewRecord } from "nakadi-storage";
import { SAFE } from "../../test/domain-node.ts";
import { appendAll, ownBytes } from "./append.ts";
import type { AppendTerms } from "./append.ts";

const SIGNAL = new AbortController().signal;
const records = Array.from({ length: 4 }, (_, index): NewRecord => ({
  value: Uint8Array.of(index),
}));

function log(append: LogPort["append"], clock = new ManualClock()): AppendTerms {
  return { log: { append } as LogPort, clock, timeoutMs: 35_000, signal: SIGNAL, stay: SAFE };
}

test("everything goes in one append, each partition in the order of the request", async () => {
  const calls: unknown[] = [];
  const port = log(async (id, batches, signal) => {
    calls.push([id, [...batches], signal]);
    return new Map(
      [...batches.keys()].map((partition) => [partition, { outcome: "stored", first: 0, last: 0, timestampMs: 0 }]),
    );
  });
  const failures = await appendAll(port, "log", records, [2, 0, 2, 0]);
  expect(failures.size).toBe(0);
  const [a, b, c, d] = records;
  const batches = [
    [2, [a, c]],
    [0, [b, d]],
  ];
  expect(calls).toEqual([["log", batches, SIGNAL]]);
});

test("what is not certainly stored has failed", async () => {
  const port = log(
    async () =>
      new Map([
        [0, { outcome: "stored", first: 0, last: 0, timestampMs: 0 }],
        [1, { outcome: "not-stored", cause: new Error("full") }],
        [2, { outcome: "unknown", cause: new Error("slow") }],
      ]),
  );
  const failures = await appendAll(port, "log", records, [0, 1, 2, 3]);
  expect([...failures]).toEqual([
    [1, "internal error"],
    [2, "timed out"],
    [3, "internal error"],
  ]);
});

test("a storage that does not answer has timed out, whatever it says later", async () => {
  const clock = new ManualClock();
  const later: ((reason: unknown) => void)[] = [];
  const terms = log(() => new Promise((_resolve, reject) => later.push(reject)), clock);
  const failures = appendAll(terms, "log", records, [0, 1, 0, 1]);
  clock.advance(34_999);
  expect(await Promise.race([failures, Promise.resolve("waits")])).toBe("waits");
  clock.advance(1);
  expect([...(await failures)]).toEqual([
    [0, "timed out"],
    [1, "timed out"],
  ]);
  later[0]?.(new Error("too late"));
});

describe("a body that events are views of", () => {
  const body = new Uint8Array(100);
  const view = (length: number): { value: Uint8Array } => ({ value: body.subarray(0, length) });

  test("lives on if they are most of it", () => {
    const views = [view(30), view(20)];
    expect(ownBytes(views, body)).toBe(views);
  });

  test("is left behind if they are little of it", () => {
    for (const { value } of ownBytes([view(30), view(19)], body)) expect(value?.buffer).not.toBe(body.buffer);
  });

  test("has nothing to do with events that are copies", () => {
    const copies = [{ value: new Uint8Array(1) }];
    expect(ownBytes(copies, body)).toBe(copies);
  });
});
