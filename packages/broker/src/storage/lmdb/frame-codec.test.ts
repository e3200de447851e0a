import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyRecord, plain } from "../compliance/log-records.ts";
import { DamagedDataError } from "./checksum.ts";
import { decodeFrame, encodeFrame, readFrameHead } from "./frame-codec.ts";
import { firstOf, frameKey, scopedKey, scopeEnd, scopePrefix } from "./keys.ts";

const anyFrame = fc.record({
  first: fc.nat(2 ** 40),
  timestampMs: fc.nat(2 ** 45),
  laterMs: fc.nat(9),
  records: fc.array(anyRecord, { minLength: 1, maxLength: 8 }),
});

function encoded({ first, timestampMs, laterMs, records }: typeof anyFrame extends fc.Arbitrary<infer T> ? T : never) {
  const key = frameKey(1, 2, first);
  const head = { first, last: first + records.length - 1, timestampMs, latestMs: timestampMs + laterMs };
  return { key, head, bytes: encodeFrame(key, head, records) };
}

describe("a frame", () => {
  it("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const { key, head, bytes } = encoded(frame);
        const decoded = decodeFrame(key, bytes);
        expect(readFrameHead(key, bytes)).toEqual(head);
        expect([decoded.first, decoded.timestampMs]).toEqual([frame.first, frame.timestampMs]);
        expect(decoded.records.map((record, index) => plain(decoded.offsets[index] ?? NaN, record))).toEqual(
          frame.records.map((record, index) => plain(frame.first + index, record)),
        );
      }),
    );
  });

  it("is refused with any one byte changed, cut anywhere, or under another key", () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, where, by) => {
        const { key, bytes } = encoded(frame);
        const at = where % bytes.length;
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ by;
        for (const wrong of [changed, bytes.subarray(0, at)]) {
          expect(() => decodeFrame(key, wrong)).toThrow(DamagedDataError);
        }
        expect(() => decodeFrame(frameKey(1, 3, frame.first), bytes)).toThrow(DamagedDataError);
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
