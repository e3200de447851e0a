/** Plays stories: each on a stage of its own, with a bound, and cleared away whatever becomes of it. */
import { AssertionError } from "node:assert";
import { ConfigError } from "nakadi-client";
import { unknownOption } from "nakadi-protocol";
import { Stage } from "./stage.ts";
import { type Story, whySkipped } from "./story.ts";
import type { Target } from "./target.ts";

export interface PlayOptions {
  /** Milliseconds that a story may take, from 1 to 2 147 483 647. Default 120 000. */
  timeoutMs?: number;
  /** Ends the story at once; what it has created is still cleared away. */
  signal?: AbortSignal;
}

/**
 * Plays one story.
 * @throws {ConfigError} for options that are not known or out of bounds; @throws what the story found wrong, an AssertionError as a rule; the reason of `signal`
 */
export async function play(story: Story, target: Target, options: PlayOptions = {}): Promise<void> {
  demandKnown("options", options, ["timeoutMs", "signal"]);
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  demandWhole("options.timeoutMs", timeoutMs);
  const ending = new AbortController();
  const stop = (): void => ending.abort(signal?.reason);
  const timer = setTimeout(() => {
    ending.abort(new AssertionError({ message: `the story did not end within ${timeoutMs} ms` }));
  }, timeoutMs);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const stage = new Stage(target, ending.signal);
  try {
    await Promise.race([story.act(stage), aborted(ending.signal)]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    await stage.clear();
  }
}

const DEFAULT_TIMEOUT_MS = 120_000;

export type Outcome =
  | { story: string; outcome: "passed"; durationMs: number }
  | { story: string; outcome: "failed"; durationMs: number; error: string }
  | { story: string; outcome: "skipped"; reason: string };

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

export interface PlayAllOptions extends PlayOptions {
  /** Stories at a time, 1 or more. */
  jobs: number;
  /** Called with each outcome as it comes. */
  told: (outcome: Outcome) => void;
}

/** Plays `stories` and counts. After an abort no other begins, and those that were being played do not count. */
export async function playAll(stories: readonly Story[], target: Target, allOptions: PlayAllOptions): Promise<Tally> {
  demandKnown("options", allOptions, ["jobs", "told", "timeoutMs", "signal"]);
  const { jobs, told, ...options } = allOptions;
  demandWhole("options.jobs", jobs);
  if (typeof told !== "function") throw new ConfigError("options.told", "a function");
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...stories];
  const work = async (): Promise<void> => {
    for (let story = waiting.shift(); story; story = waiting.shift()) {
      const outcome = await outcomeOf(story, target, options);
      if (options.signal?.aborted) return;
      tally[outcome.outcome] += 1;
      told(outcome);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return tally;
}

async function outcomeOf(story: Story, target: Target, options: PlayOptions): Promise<Outcome> {
  const { name } = story;
  const reason = whySkipped(story, target);
  if (reason !== undefined) return { story: name, outcome: "skipped", reason };
  const startedMs = performance.now();
  const error = await play(story, target, options).then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );
  const durationMs = Math.round(performance.now() - startedMs);
  return error === undefined
    ? { story: name, outcome: "passed", durationMs }
    : { story: name, outcome: "failed", durationMs, error };
}

function demandKnown(path: string, options: unknown, names: readonly string[]): void {
  const fault = unknownOption(path, options, names);
  if (fault) throw new ConfigError(fault.path, fault.allowed);
}

function demandWhole(path: string, value: unknown): void {
  if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > MAX_TIMER_MS)
    throw new ConfigError(path, `a whole number from 1 to ${MAX_TIMER_MS}, not ${String(value)}`);
}

const MAX_TIMER_MS = 2 ** 31 - 1;

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
