/** Waiting for an unavailable server: one that starts beside the program, or behind a gateway. */
import type { Clock } from "nakadi-protocol";
import { HttpError, NakadiError } from "../errors/nakadi-error.ts";
import { knownMembers, wholeNumber } from "../options/checks.ts";
import { backoffMs } from "../stream/backoff.ts";
import { pause } from "../transport/pause.ts";

export interface WaitOptions {
  signal?: AbortSignal;
  /**
   * How long to wait for a server that cannot be reached, or answers the first request with 429 or 5xx. `false`: only the two
   * retries of each read.
   */
  retry?:
    | false
    | {
        /** Milliseconds after which no try begins. Default 30 000. */
        maxElapsedMs?: number;
        /** Milliseconds before the first retry; the delay then grows. Default 200. */
        initialDelayMs?: number;
        /** Milliseconds before a retry at most, unless the server asks for more. Default 2 000. */
        maxDelayMs?: number;
      };
}

const NOT_THERE = new Set<string>(["TRANSPORT", "TIMEOUT", "SERVER", "TOO_MANY_REQUESTS"]);

/** One try. */
export interface Try {
  /** 1 for the first try. */
  readonly count: number;
  /** The server has answered; later failures of this call are not retried. */
  answered(): void;
}

/** @throws {ConfigError}; the error of the last try; an abort's reason */
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
