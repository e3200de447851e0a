/** Waiting for a server that is not there yet: one that starts beside the program, or behind a gateway. */
import type { Clock } from "nakadi-protocol";
import { HttpError, NakadiError } from "../errors/nakadi-error.ts";
import { knownMembers, wholeNumber } from "../options/checks.ts";
import { backoffMs } from "../stream/backoff.ts";
import { pause } from "../transport/pause.ts";

export interface WaitOptions {
  signal?: AbortSignal;
  /**
   * How long a server that starts is waited for: one that cannot be reached, or answers 429 or 5xx to the first request; `false`: not at all, but for the two more tries that
   * each request has.
   */
  retry?:
    | false
    | {
        /** Milliseconds after which no try begins any more. Default 30 000. */
        maxElapsedMs?: number;
        /** Milliseconds before the first new try; each wait is half as long again. Default 200. */
        initialDelayMs?: number;
        /** Milliseconds before a new try at most, unless the server asks for more. Default 2 000. */
        maxDelayMs?: number;
      };
}

const NOT_THERE = new Set<string>(["TRANSPORT", "TIMEOUT", "SERVER", "TOO_MANY_REQUESTS"]);

/** One try. */
export interface Try {
  /** How many there were, this one included. */
  readonly count: number;
  /** The server has answered: what goes wrong now is not for want of it. */
  answered(): void;
}

/** @throws {ConfigError}; what the last try has thrown; an abort's reason */
export async function whenThere<T>(
  { clock, signal }: { clock: Clock; signal: AbortSignal | undefined },
  wanted: WaitOptions["retry"],
  work: (one: Try) => Promise<T>,
): Promise<T> {
  let isThere = false;
  const answered = (): void => void (isThere = true);
  const { maxElapsedMs, ...backoff } = settingsOf(wanted);
  const startedMs = clock.monotonicMs();
  for (let count = 1; ; count += 1) {
    try {
      return await work({ count, answered });
    } catch (error) {
      if (!NakadiError.is(error) || !NOT_THERE.has(error.code) || isThere || signal?.aborted) throw error;
      const askedMs = error instanceof HttpError ? error.retryAfterMs : undefined;
      const delayMs = backoffMs(count - 1, backoff, Math.random(), askedMs);
      if (clock.monotonicMs() - startedMs + delayMs > maxElapsedMs) throw error;
      await pause(clock, delayMs, signal);
    }
  }
}

function settingsOf(retry: WaitOptions["retry"] = {}): {
  maxElapsedMs: number;
  initialDelayMs: number;
  maxDelayMs: number;
} {
  const given = retry === false ? { maxElapsedMs: 0 } : retry;
  knownMembers("options.retry", given, ["maxElapsedMs", "initialDelayMs", "maxDelayMs"]);
  const initialDelayMs = wholeNumber("options.retry.initialDelayMs", given.initialDelayMs, { min: 1 }, 200);
  const fallback = Math.max(2_000, initialDelayMs);
  return {
    maxElapsedMs: wholeNumber("options.retry.maxElapsedMs", given.maxElapsedMs, { min: 0 }, 30_000),
    initialDelayMs,
    maxDelayMs: wholeNumber("options.retry.maxDelayMs", given.maxDelayMs, { min: initialDelayMs }, fallback),
  };
}
