/**
 * Options of a publisher: defaults and checks.
 * @pure
 */
import type { Category } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { knownMembers, wholeNumber } from "../options/checks.ts";
import type { RunLimits } from "./publish-run.ts";

export interface PublisherOptions {
  /**
   * The event type's category, which decides whether `metadata.eid` and `metadata.occurred_at` are filled in: for `business` and
   * `data`. Default: asked for once, before the first events are sent, which needs the right to see the event type.
   */
  category?: Category;
  /** What `publish` does when not every event was stored: `incomplete` throws a PublishError, `never` returns. Default `incomplete`. */
  throwOn?: "incomplete" | "never";
  /** How long one call goes on. */
  retry?: {
    /** Requests at most, 1 or more; each bad event of a batch takes one as well. Default 20. */
    attempts?: number;
    /** Milliseconds at most, waits included. Default 90 000. */
    maxElapsedMs?: number;
    /** Milliseconds before the first retry. Default 100. */
    initialDelayMs?: number;
    /** Milliseconds at most before a retry, unless the server asks for more. Default 10 000. */
    maxDelayMs?: number;
  };
  /**
   * Whether events that may be stored are sent again, with the same `eid`, which may store them twice. Default true. False: they
   * get the verdict `unknown`, and what was to be sent behind them `aborted`.
   */
  resendUnknown?: boolean;
  /** Bytes of an event at most, as JSON in UTF-8; what is larger is rejected before it is sent. Default 999 000, as the server's. */
  maxEventBytes?: number;
}

export interface PublisherSettings {
  category: Category | undefined;
  throws: boolean;
  run: RunLimits;
  maxEventBytes: number;
}

const CATEGORIES: readonly Category[] = ["undefined", "business", "data"];
const THROW_ON = ["incomplete", "never"];
const NAMES: readonly (keyof PublisherOptions)[] = ["category", "throwOn", "retry", "resendUnknown", "maxEventBytes"];
const RETRY_NAMES = ["attempts", "maxElapsedMs", "initialDelayMs", "maxDelayMs"];

/** @throws {ConfigError} */
export function publisherSettings(options: PublisherOptions): PublisherSettings {
  knownMembers("options", options, NAMES);
  const { category, throwOn = "incomplete", retry = {}, resendUnknown = true } = options;
  if (category !== undefined && !CATEGORIES.includes(category))
    throw new ConfigError("options.category", CATEGORIES.join(", "));
  if (!THROW_ON.includes(throwOn)) throw new ConfigError("options.throwOn", THROW_ON.join(" or "));
  if (typeof resendUnknown !== "boolean") throw new ConfigError("options.resendUnknown", "true or false");
  knownMembers("options.retry", retry, RETRY_NAMES);
  const initialDelayMs = wholeNumber("options.retry.initialDelayMs", retry.initialDelayMs, { min: 1 }, 100);
  const maxDelayMs = wholeNumber(
    "options.retry.maxDelayMs",
    retry.maxDelayMs,
    { min: initialDelayMs },
    Math.max(10_000, initialDelayMs),
  );
  return {
    category,
    throws: throwOn === "incomplete",
    run: {
      attempts: wholeNumber("options.retry.attempts", retry.attempts, { min: 1 }, 20),
      maxElapsedMs: wholeNumber("options.retry.maxElapsedMs", retry.maxElapsedMs, { min: 1 }, 90_000),
      initialDelayMs,
      maxDelayMs,
      resendUnknown,
    },
    maxEventBytes: wholeNumber("options.maxEventBytes", options.maxEventBytes, { min: 1 }, 999_000),
  };
}
