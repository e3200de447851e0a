import fc from "fast-check";
import { formatOffset } from "nakadi-protocol";
import { expect, it } from "vitest";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import { CursorError } from "../../positions/cursor-position.ts";
import type { LogView } from "../../positions/partition-bounds.ts";
import { startPosition } from "./start-position.ts";

/** Timelines with these numbers of events, of which the first `expired` are gone; the last timeline is open. */
function viewOf(counts: readonly number[], expired: number): LogView {
  const timelines = counts.map((count, index) => ({
    order: index + 1,
    log: `log-${index + 1}`,
    createdAt: "",
    lastNumbers: index === counts.length - 1 ? null : [count - 1],
  }));
  let left = expired;
  const bounds = timelines.map((timeline, index) => {
    const next = counts[index] ?? 0;
    const oldest = Math.min(next, left);
    left -= oldest;
    return { timeline, bounds: [{ oldest, next }] };
  });
  return { stored: { eventType: { name: "et" }, partitions: 1, timelines } as unknown as StoredEventType, bounds };
}

const history = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }).chain((counts) => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const order = fc.integer({ min: 1, max: counts.length });
  return fc.tuple(fc.constant(counts), fc.nat({ max: total }), order, fc.integer({ min: -1, max: 12 }));
});

it("reading begins behind what is committed, or with the oldest event; nowhere if that is behind its timeline's end", () => {
  fc.assert(
    fc.property(history, ([counts, expired, order, number]) => {
      const view = viewOf(counts, expired);
      const base = counts.slice(0, order - 1).reduce((sum, count) => sum + count, 0);
      const gone = order < counts.length && base + (counts[order - 1] ?? 0) <= expired;
      const start = (): ReturnType<typeof startPosition> =>
        startPosition(view, 0, { order, number, text: formatOffset({ order, number }) });
      if (number >= (counts[order - 1] ?? 0)) {
        if (gone) expect(start().at.ordinal).toBe(expired - 1);
        else expect(start).toThrow(CursorError);
        return;
      }
      const skipped = Math.max(0, expired - 1 - (base + number));
      expect(start()).toMatchObject({ at: { ordinal: base + number + skipped }, expired: skipped });
    }),
  );
});

it("a raw BEGIN is before what is left", () => {
  const at = { order: 0, number: -1, text: "BEGIN" };
  expect(startPosition(viewOf([3, 2], 4), 0, at)).toMatchObject({ at: { ordinal: 3 }, expired: 0 });
});
