/**
 * Options of every stream, with and without a subscription: retries, buffers and observers.
 * @pure
 */
import { ConfigError, type NakadiError } from "../errors/nakadi-error.ts";
import { functionOrNone, knownMembers, wholeNumber } from "../options/checks.ts";
import type { BackoffOptions } from "./backoff.ts";

export interface ReadingOptions {
  /** The delay before a stream is reopened or a commit is sent again: min(max, initial × 1.5ⁿ) ± 50 %. */
  retry?: Partial<BackoffOptions>;
  /** Batches in the queue before the socket is paused, 1 or more. Default 10. */
  bufferedBatches?: number;
  /** Bytes of batches in the queue before the socket is paused. Default 64 MiB. */
  bufferedBytes?: number;
  /** Bytes of one line at most; a longer one is fatal. Default 256 MiB. */
  maxLineBytes?: number;
  /** Milliseconds added to the longest silence that the server may keep; after both the stream counts as dead. Default 30 000. */
  idleGraceMs?: number;
  /** Called before a retry because of `error`, in `delayMs` milliseconds. */
  onRetry?: (error: NakadiError, delayMs: number) => void;
  /** Called after each opened stream and each successful commit. */
  onHealthy?: () => void;
}

export interface ReadingSettings {
  retry: BackoffOptions;
  bufferedBatches: number;
  bufferedBytes: number;
  maxLineBytes: number;
  /** Silence after which a stream counts as dead (SPEC rule 5). */
  idleLimitMs: number;
  onRetry: ReadingOptions["onRetry"];
  onHealthy: ReadingOptions["onHealthy"];
}

export const READING_NAMES: readonly (keyof ReadingOptions)[] = [
  "retry",
  "bufferedBatches",
  "bufferedBytes",
  "maxLineBytes",
  "idleGraceMs",
  "onRetry",
  "onHealthy",
];

const MEBIBYTE = 1024 * 1024;

/**
 * @param silenceMs milliseconds that the server may be silent on an open stream
 * @throws {ConfigError}
 */
export function readingSettings(options: ReadingOptions, silenceMs: number): ReadingSettings {
  return {
    retry: checkedRetry(options.retry ?? {}),
    bufferedBatches: wholeNumber("options.bufferedBatches", options.bufferedBatches, { min: 1 }, 10),
    bufferedBytes: wholeNumber("options.bufferedBytes", options.bufferedBytes, { min: 1 }, 64 * MEBIBYTE),
    maxLineBytes: wholeNumber("options.maxLineBytes", options.maxLineBytes, { min: 1 }, 256 * MEBIBYTE),
    idleLimitMs: silenceMs + wholeNumber("options.idleGraceMs", options.idleGraceMs, { min: 0 }, 30_000),
    onRetry: functionOrNone("options.onRetry", options.onRetry),
    onHealthy: functionOrNone("options.onHealthy", options.onHealthy),
  };
}

function checkedRetry(retry: Partial<BackoffOptions>): BackoffOptions {
  knownMembers("options.retry", retry, ["initialDelayMs", "maxDelayMs"]);
  const initialDelayMs = wholeNumber("options.retry.initialDelayMs", retry.initialDelayMs, { min: 1 }, 10);
  const maxDelayMs = wholeNumber(
    "options.retry.maxDelayMs",
    retry.maxDelayMs,
    { min: 1 },
    Math.max(10_000, initialDelayMs),
  );
  if (maxDelayMs < initialDelayMs) throw new ConfigError("options.retry.maxDelayMs", "initialDelayMs or more");
  return { initialDelayMs, maxDelayMs };
}
