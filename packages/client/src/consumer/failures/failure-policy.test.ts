import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failureSettings, halves, judge } from "./failure-policy.ts";

interface Piece {
  indexes: number[];
  attempts: number;
  halved: boolean;
}

/** Handles a batch by the policy, with a handler that fails on some events; what was given up and done, in order. */
function run(
  size: number,
  poison: ReadonlySet<number>,
  attempts: number,
): { done: number[]; gaveUp: number[][]; calls: number } {
  const settings = failureSettings({ retry: { attempts }, onExhausted: "skip" });
  const done: number[] = [];
  const gaveUp: number[][] = [];
  let calls = 0;
  const pieces: Piece[] = [{ indexes: Array.from({ length: size }, (_, index) => index), attempts: 0, halved: false }];
  for (let piece = pieces[0]; piece; piece = pieces[0]) {
    calls += 1;
    if (!piece.indexes.some((index) => poison.has(index))) {
      done.push(...piece.indexes);
      pieces.shift();
      continue;
    }
    piece.attempts += 1;
    const verdict = judge({ ...piece, size: piece.indexes.length }, settings, 0.5);
    if (verdict.kind === "retry") continue;
    pieces.shift();
    if (verdict.kind === "give-up") gaveUp.push(piece.indexes);
    else pieces.unshift(...halves(piece.indexes).map((indexes) => ({ indexes, attempts: 0, halved: true })));
  }
  return { done, gaveUp, calls };
}

describe("bisection", () => {
  it("finds exactly the poisonous events; every other is handled once, in order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.uniqueArray(fc.nat(199), { maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        (size, bad, attempts) => {
          const poison = new Set(bad.filter((index) => index < size));
          const { done, gaveUp } = run(size, poison, attempts);
          expect(gaveUp).toEqual([...poison].sort((a, b) => a - b).map((index) => [index]));
          expect(done).toEqual(Array.from({ length: size }, (_, index) => index).filter((index) => !poison.has(index)));
        },
      ),
    );
  });

  it("takes about two calls a halving, not the tries of each", () => {
    expect(run(1_024, new Set([700]), 5).calls).toBe(5 + 2 * 10 + 5 - 1);
  });
});

describe("the policy", () => {
  it("attempts follow in place with growing waits, up to the limit", () => {
    const { retry } = failureSettings({});
    const waits = Array.from({ length: 10 }, (_, index) =>
      judge({ size: 1, attempts: index + 1, halved: false }, { retry, bisect: false }, 0.5),
    );
    expect(waits.slice(0, 3)).toEqual([200, 300, 450].map((delayMs) => ({ kind: "retry", delayMs })));
    expect(waits.at(-1)).toEqual({ kind: "give-up" });
    const forEver = failureSettings({ retry: { attempts: Infinity } });
    expect(judge({ size: 9, attempts: 1_000, halved: false }, forEver, 0.5)).toEqual({
      kind: "retry",
      delayMs: 10_000,
    });
  });

  it("halves by default where it goes on, and not where it stops", () => {
    expect([failureSettings({}).bisect, failureSettings({ onExhausted: "skip" }).bisect]).toEqual([false, true]);
  });

  it.each<[string, Parameters<typeof failureSettings>[0]]>([
    ["options.failure.deadLetter", { onExhausted: "dead-letter" }],
    ["options.failure.onExhausted", { deadLetter: () => undefined }],
    ["options.failure.onExhausted", { onExhausted: "skip", deadLetter: () => undefined }],
    ["options.failure.onExhausted", { onExhausted: "retry" as "skip" }],
    ["options.failure.retry.attempts", { retry: { attempts: 0 } }],
    ["options.failure.retry.maxDelayMs", { retry: { initialDelayMs: 100, maxDelayMs: 10 } }],
    ["options.failure.bisect", { bisect: 1 as unknown as boolean }],
    ["options.failure.sometimes", { sometimes: 1 } as object],
  ])("what contradicts itself is refused: %s", (path, options) => {
    expect(() => failureSettings(options)).toThrow(expect.objectContaining({ path, code: "CONFIG" }));
  });

  it("the old name of onExhausted is refused with the new one, whatever its value", () => {
    for (const then of ["skip", () => "skip" as const, undefined]) {
      expect(() => failureSettings({ then } as object)).toThrow(
        "options.failure.then must be given as onExhausted: an object with a member then is awaited as a promise",
      );
    }
  });
});
