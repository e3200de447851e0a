import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { nextHint } from "./next-hint.ts";

it("a wait ends with a hint or its time, and listens no more then", async () => {
  const clock = new ManualClock();
  const hints = new Set<() => void>();
  const listen = (hint: () => void): Disposable => {
    hints.add(hint);
    return { [Symbol.dispose]: () => void hints.delete(hint) };
  };
  const hinted = nextHint(clock, 250, listen);
  for (const hint of hints) hint();
  await hinted;
  expect([clock.pending, hints.size]).toEqual([0, 0]);
  const timed = nextHint(clock, 250, listen);
  clock.advance(250);
  await timed;
  expect([clock.pending, hints.size]).toEqual([0, 0]);
});

it("a failure to listen ends the wait, and leaves no timer", async () => {
  const clock = new ManualClock();
  const waiting = nextHint(clock, 250, () => {
    throw new Error("The storage is closed.");
  });
  await expect(waiting).rejects.toThrow("The storage is closed.");
  expect(clock.pending).toBe(0);
});
