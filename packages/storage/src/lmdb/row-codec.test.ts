import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyRecord, plain } from "../compliance/log-records.ts";
import type { Frame } from "../ports.ts";
import { DamagedDataError } from "./checksum.ts";
import { firstOf, frameKey, scopedKey, scopeEnd, scopePrefix } from "./keys.ts";
import { decodeRow, encodeRow, readRowHead } from "./row-codec.ts";

const anyRow = fc.record({
  first: fc.nat(2 ** 40),
  laterMs: fc.nat(9),
  frames: fc.array(
    fc.record({ timestampMs: fc.nat(2 ** 45), records: fc.array(anyRecord, { minLength: 1, maxLength: 8 }) }),
    { minLength: 1, maxLength: 4 },
  ),
});

function encoded(row: typeof anyRow extends fc.Arbitrary<infer T> ? T : never) {
  let next = row.first;
  const frames = row.frames.map(({ timestampMs, records }): Frame => {
    const offsets = records.map((_, index) => next + index);
    next += records.length;
    return { first: offsets[0] ?? NaN, timestampMs, offsets, records };
  });
  const timestampMs = Math.max(...frames.map((frame) => frame.timestampMs));
  const head = { first: row.first, last: next - 1, timestampMs, latestMs: timestampMs + row.laterMs };
  const key = frameKey(1, 2, row.first);
  return { key, head, frames, bytes: encodeRow(key, head, frames) };
}

const plainFrames = (frames: readonly Frame[]) =>
  frames.map(({ first, timestampMs, offsets, records }) => ({
    first,
    timestampMs,
    records: records.map((record, index) => plain(offsets[index] ?? NaN, record)),
  }));

describe("a row of frames", () => {
  it("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        const { key, head, frames, bytes } = encoded(row);
        expect(readRowHead(key, bytes)).toEqual(head);
        const decoded = decodeRow(key, bytes);
        expect([decoded.head, plainFrames(decoded.frames)]).toEqual([head, plainFrames(frames)]);
      }),
    );
  });

  it("may stand for offsets whose records are lost", () => {
    const key = frameKey(1, 2, 7);
    const head = { first: 7, last: 1_000_007, timestampMs: 1, latestMs: 2 };
    expect(decodeRow(key, encodeRow(key, head, []))).toEqual({ head, frames: [] });
  });

  it("is refused with any one byte changed, cut anywhere, or under another key", () => {
    fc.assert(
      fc.property(anyRow, fc.nat(), fc.integer({ min: 1, max: 255 }), (row, where, by) => {
        const { key, bytes } = encoded(row);
        const at = where % bytes.length;
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ by;
        for (const wrong of [changed, bytes.subarray(0, at)]) {
          expect(() => decodeRow(key, wrong)).toThrow(DamagedDataError);
        }
        expect(() => decodeRow(frameKey(1, 3, row.first), bytes)).toThrow(DamagedDataError);
      }),
    );
  });
});

describe("keys", () => {
  it("have the order of logs, partitions and offsets", () => {
    const anyPlace = fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1), fc.maxSafeNat());
    fc.assert(
      fc.property(anyPlace, anyPlace, (a, b) => {
        const order = a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
        expect(Math.sign(Buffer.compare(frameKey(...a), frameKey(...b)))).toBe(Math.sign(order));
        expect(firstOf(frameKey(...a))).toBe(a[2]);
      }),
    );
  });

  it("keep scopes apart, ids distinct and within LMDB's limit, however long they are", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 6 }),
      fc
        .tuple(fc.integer({ min: 900, max: 3_000 }), fc.string({ maxLength: 3 }))
        .map(([n, end]) => "x".repeat(n) + end),
    );
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (scope, id, otherScope, otherId) => {
        const key = scopedKey(scope, id);
        expect(key.length).toBeLessThanOrEqual(1_978);
        expect(Buffer.compare(key, scopePrefix(scope))).toBeGreaterThanOrEqual(0);
        expect(Buffer.compare(key, scopeEnd(scope))).toBeLessThan(0);
        const same = scope === otherScope && id === otherId;
        expect(key.equals(scopedKey(otherScope, otherId))).toBe(same);
        const inside = Buffer.compare(scopedKey(otherScope, otherId), scopePrefix(scope)) >= 0;
        const before = Buffer.compare(scopedKey(otherScope, otherId), scopeEnd(scope)) < 0;
        expect(inside && before).toBe(scope === otherScope);
      }),
    );
  });
});
