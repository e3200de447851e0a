/** Options of an outbox: defaults and checks. */
import { functionOrNone, knownMembers, wholeNumber } from "../options/checks.ts";
import { type PublisherOptions, publisherSettings } from "../publisher/options.ts";
import type { BackoffOptions } from "../stream/backoff.ts";
import type { OutboxRow, RejectedRow } from "./outbox-store.ts";

export interface OutboxOptions<R extends OutboxRow = OutboxRow> {
  /** Rows of a claim at most, 1 or more. Default 100. */
  maxRows?: number;
  /** Milliseconds between claims while the store has no rows; `wake` claims at once. Default 1 000. */
  pollMs?: number;
  /** The back-off after a claim that kept rows or failed. */
  retry?: {
    /** Milliseconds before the first retry. Default 100. */
    initialDelayMs?: number;
    /** Milliseconds at most, before jitter. Default 30 000. */
    maxDelayMs?: number;
  };
  /** Options of the publishers; there is one for each event type. */
  publisher?: Pick<PublisherOptions, "retry" | "maxEventBytes" | "compression">;
  /** Called for each rejected row, after the store has set it aside. */
  onRejected?: (rejected: RejectedRow<R>) => void;
  /** Called when a claim fails or keeps rows, with the error and the milliseconds until the next claim. */
  onRetry?: (error: unknown, delayMs: number) => void;
}

export interface OutboxSettings<R extends OutboxRow> {
  maxRows: number;
  pollMs: number;
  retry: BackoffOptions;
  publisher: PublisherOptions;
  onRejected: ((rejected: RejectedRow<R>) => void) | undefined;
  onRetry: ((error: unknown, delayMs: number) => void) | undefined;
}

const NAMES: readonly (keyof OutboxOptions)[] = ["maxRows", "pollMs", "retry", "publisher", "onRejected", "onRetry"];
const PUBLISHER_NAMES = ["retry", "maxEventBytes", "compression"];

/** @throws {ConfigError} */
export function outboxSettings<R extends OutboxRow>(options: OutboxOptions<R>): OutboxSettings<R> {
  knownMembers("options", options, NAMES);
  const { retry = {}, publisher = {} } = options;
  knownMembers("options.retry", retry, ["initialDelayMs", "maxDelayMs"]);
  knownMembers("options.publisher", publisher, PUBLISHER_NAMES);
  const ofPublishers: PublisherOptions = { ...publisher, throwOn: "never" };
  publisherSettings(ofPublishers);
  const initialDelayMs = wholeNumber("options.retry.initialDelayMs", retry.initialDelayMs, { min: 1 }, 100);
  const maxDelayMs = Math.max(30_000, initialDelayMs);
  return {
    maxRows: wholeNumber("options.maxRows", options.maxRows, { min: 1 }, 100),
    pollMs: wholeNumber("options.pollMs", options.pollMs, { min: 1 }, 1_000),
    retry: {
      initialDelayMs,
      maxDelayMs: wholeNumber("options.retry.maxDelayMs", retry.maxDelayMs, { min: initialDelayMs }, maxDelayMs),
    },
    publisher: ofPublishers,
    onRejected: functionOrNone("options.onRejected", options.onRejected),
    onRetry: functionOrNone("options.onRetry", options.onRetry),
  };
}
