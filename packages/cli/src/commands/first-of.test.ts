import { expect, it } from "vitest";
import { firstOf } from "./first-of.ts";

it("what has come already is taken, also where it is too late or was stopped", async () => {
  expect(await firstOf(Promise.resolve("event"), AbortSignal.abort(), Infinity)).toBe("event");
  expect(await firstOf(Promise.resolve("event"), new AbortController().signal, 0)).toBe("event");
});

it("what does not come is given up when it was stopped, or is late", async () => {
  const never = new Promise<never>(() => undefined);
  const stop = new AbortController();
  expect(await firstOf(never, stop.signal, 1)).toBe("late");
  const stopped = firstOf(never, stop.signal, Infinity);
  stop.abort();
  expect(await stopped).toBe("stopped");
  expect(await firstOf(never, stop.signal, Infinity)).toBe("stopped");
});

it("a failure after the stop is dropped", async () => {
  let fail = (): void => undefined;
  const coming = new Promise<never>((_resolve, reject) => {
    fail = () => reject(new Error("no event"));
  });
  expect(await firstOf(coming, AbortSignal.abort(), Infinity)).toBe("stopped");
  fail();
  // Node reports an unhandled rejection at the end of a turn of its loop, which fails the tests.
  await new Promise((resolve) => setImmediate(resolve));
});
