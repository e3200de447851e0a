/**
 * When done batches are committed. No strategy commits past an unfinished batch.
 * @pure
 */
import { ConfigError } from "../../errors/nakadi-error.ts";
import { knownMembers, optionalWholeNumber } from "../../options/checks.ts";

export interface CommitEvery {
  /** Done batches. */
  batches?: number;
  /** Done events. */
  events?: number;
  /** Milliseconds since the first of them was done. Default: a third of the commit timeout. */
  ms?: number;
}

/**
 * - `each`: as soon as a batch is done and no commit is open
 * - `every`: when one of the numbers is reached
 * - `latestPossible`: when two thirds of the commit timeout have passed, or three quarters of `maxUncommittedEvents` are done
 * - `manual`: when a handler calls `context.commit()` or returns `commit`
 */
export type CommitStrategy = "each" | "latestPossible" | "manual" | { every: CommitEvery };

/** The thresholds of the commit tracker; an absent one does not apply. */
export interface CommitRule {
  batches?: number;
  events?: number;
  /** Since the first batch was done. */
  ms?: number;
  /** Since the commit timer of the server restarted. */
  timerMs?: number;
  manual: boolean;
}

export interface CommitWindow {
  maxUncommittedEvents: number;
  commitTimeoutMs: number;
}

const WINDOW_SHARE = 3 / 4;
const TIMER_SHARE = 2 / 3;

/**
 * The rule of a strategy. Without one: every half of `maxUncommittedEvents` or second (a third of the commit timeout, where
 * that is less), so that the server can send the other half while a commit travels.
 * @throws {ConfigError} for a threshold that cannot be reached
 */
export function commitRule(strategy: CommitStrategy | undefined, window: CommitWindow): CommitRule {
  const { maxUncommittedEvents, commitTimeoutMs } = window;
  const thirdMs = Math.floor(commitTimeoutMs / 3);
  if (strategy === undefined) {
    const events = Math.max(1, Math.floor(maxUncommittedEvents / 2));
    return { events, ms: Math.min(1_000, thirdMs), manual: false };
  }
  if (strategy === "each") return { batches: 1, manual: false };
  if (strategy === "manual") return { manual: true };
  if (strategy === "latestPossible") {
    const events = Math.max(1, Math.floor(maxUncommittedEvents * WINDOW_SHARE));
    return { events, timerMs: Math.floor(commitTimeoutMs * TIMER_SHARE), manual: false };
  }
  if (typeof strategy !== "object" || strategy === null) {
    throw new ConfigError("options.commit", "each, latestPossible, manual or { every }");
  }
  knownMembers("options.commit", strategy, ["every"]);
  return everyRule(strategy.every, window, thirdMs);
}

function everyRule(
  every: CommitEvery,
  { maxUncommittedEvents, commitTimeoutMs }: CommitWindow,
  thirdMs: number,
): CommitRule {
  const path = "options.commit.every";
  knownMembers(path, every, ["batches", "events", "ms"]);
  const batches = optionalWholeNumber(`${path}.batches`, every.batches, { min: 1 });
  const events = optionalWholeNumber(`${path}.events`, every.events, { min: 1 });
  const ms = optionalWholeNumber(`${path}.ms`, every.ms, { min: 1 });
  if (batches === undefined && events === undefined && ms === undefined) {
    throw new ConfigError(path, "an object with batches, events or ms");
  }
  for (const [name, value] of Object.entries({ batches, events })) {
    if (value !== undefined && value > maxUncommittedEvents) {
      throw new ConfigError(
        `${path}.${name}`,
        `maxUncommittedEvents, ${maxUncommittedEvents}, or less: the server sends no more until something is committed`,
      );
    }
  }
  if (ms !== undefined && ms >= commitTimeoutMs) {
    throw new ConfigError(`${path}.ms`, `less than the commit timeout, ${commitTimeoutMs} ms: the stream ends then`);
  }
  return {
    ...(batches !== undefined && { batches }),
    ...(events !== undefined && { events }),
    ms: ms ?? thirdMs,
    manual: false,
  };
}
