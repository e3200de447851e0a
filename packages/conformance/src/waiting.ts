/** Waits that end: each has a bound, and says what it waited for when that is reached. */
import { AssertionError } from "node:assert";
import { setTimeout as pause } from "node:timers/promises";

/** Milliseconds that one wait may take unless it says otherwise: a real server takes its time to hand partitions over. */
export const WAIT_MS = 30_000;

/** Settles as `work` does, or rejects when it takes too long or `signal` is aborted. */
export async function within<T>(
  work: Promise<T>,
  what: string,
  signal: AbortSignal,
  boundMs: number = WAIT_MS,
): Promise<T> {
  const over = new AbortController();
  const bound = AbortSignal.any([signal, over.signal]);
  try {
    return await Promise.race([work, failAfter(boundMs, what, bound)]);
  } finally {
    over.abort();
  }
}

/** Asks again and again until the answer fits; says the last one when it never does. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  fits: (answer: T) => boolean,
  what: string,
  signal: AbortSignal,
): Promise<T> {
  const untilMs = performance.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    signal.throwIfAborted();
    if (performance.now() >= untilMs) {
      throw new AssertionError({ message: `${what} did not come true; the last answer was ${JSON.stringify(answer)}` });
    }
    await pause(ASK_EVERY_MS, undefined, { signal });
  }
}

const ASK_EVERY_MS = 50;

async function failAfter(boundMs: number, what: string, signal: AbortSignal): Promise<never> {
  try {
    await pause(boundMs, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
  throw new AssertionError({ message: `${what} did not come within ${boundMs} ms` });
}
