/**
 * Decides what follows a failed attempt: another one, halves, or the resolution of the failure. No event is skipped silently.
 * @pure
 */
import { ConfigError } from "../../errors/nakadi-error.ts";
import { functionOrNone, knownMembers, wholeNumber } from "../../options/checks.ts";
import { type BackoffOptions, backoffMs } from "../../stream/backoff.ts";
import type { StreamCursor } from "../../stream/batch.ts";
import type { DeadLetterSink } from "./dead-letter.ts";

export interface HandlerRetry extends BackoffOptions {
  /** Attempts in all, 1 or more. `Infinity`: until one succeeds. Default 10. */
  attempts: number;
}

/** What failed, after the last attempt. */
export interface HandlerFailure<E> {
  /** What the handler threw, a TimeoutError, or an UnreadableEventError for an event that no handler was given. */
  readonly error: unknown;
  /** The event, where a single one failed. `undefined` where it is not JSON: `error` is then an UnreadableEventError. */
  readonly event: E | undefined;
  /** The events that failed together; none where the only one is not JSON. */
  readonly events: readonly E[];
  /** The bytes of each event that failed, as the server sent them. */
  readonly raws: readonly Uint8Array[];
  readonly cursor: StreamCursor;
  readonly attempts: number;
}

/**
 * - `stop`: the consumer stops and fails with the error; nothing behind the batch is committed
 * - `skip`: continues behind it; logged as a warning and counted
 * - `dead-letter`: continues behind it once the sink has each event
 * - `retry`: only as the result of a function: the attempts start over
 */
export type FailureAction = "stop" | "skip" | "dead-letter" | "retry";

export interface FailureOptions<E> {
  /** Attempts in place: the lane waits, other lanes continue. Waits are min(max, initial × 1.5ⁿ) ± 50 %; default 200 up to 10 000 ms. */
  retry?: Partial<HandlerRetry>;
  /** What follows the last attempt. Default `stop`. */
  onExhausted?:
    | Exclude<FailureAction, "retry">
    | ((failure: HandlerFailure<E>) => FailureAction | Promise<FailureAction>);
  /** Where dead letters go: `toEventType`, `toFile`, or a function. */
  deadLetter?: DeadLetterSink<E>;
  /** Whether a batch that failed is halved until the event is found. Default true, except with `stop`. `onBatch` only. */
  bisect?: boolean;
}

export interface FailureSettings<E> {
  retry: HandlerRetry;
  onExhausted: NonNullable<FailureOptions<E>["onExhausted"]>;
  deadLetter: DeadLetterSink<E> | undefined;
  bisect: boolean;
}

const ACTIONS: readonly unknown[] = ["stop", "skip", "dead-letter", "retry"];

/** @throws {ConfigError} */
export function failureSettings<E>(options: FailureOptions<E>): FailureSettings<E> {
  const path = "options.failure";
  if (typeof options === "object" && options !== null && "then" in options) {
    throw new ConfigError(`${path}.then`, "given as onExhausted: an object with a member then is awaited as a promise");
  }
  knownMembers(path, options, ["retry", "onExhausted", "deadLetter", "bisect"]);
  const { retry = {}, onExhausted = "stop", bisect = onExhausted !== "stop" } = options;
  const deadLetter = functionOrNone(`${path}.deadLetter`, options.deadLetter);
  if (typeof onExhausted !== "function" && (!ACTIONS.includes(onExhausted) || (onExhausted as string) === "retry")) {
    throw new ConfigError(`${path}.onExhausted`, "stop, skip, dead-letter or a function");
  }
  if (onExhausted === "dead-letter" && !deadLetter) {
    throw new ConfigError(
      `${path}.deadLetter`,
      "a sink, which onExhausted: dead-letter needs: toEventType, toFile or a function",
    );
  }
  if (deadLetter && (onExhausted === "stop" || onExhausted === "skip")) {
    throw new ConfigError(
      `${path}.onExhausted`,
      "dead-letter or a function: with any other action nothing reaches the sink options.failure.deadLetter",
    );
  }
  if (typeof bisect !== "boolean") throw new ConfigError(`${path}.bisect`, "true or false");
  return { retry: retrySettings(`${path}.retry`, retry), onExhausted, deadLetter, bisect };
}

function retrySettings(path: string, retry: Partial<HandlerRetry>): HandlerRetry {
  knownMembers(path, retry, ["attempts", "initialDelayMs", "maxDelayMs"]);
  const attempts =
    retry.attempts === Infinity ? Infinity : wholeNumber(`${path}.attempts`, retry.attempts, { min: 1 }, 10);
  const initialDelayMs = wholeNumber(`${path}.initialDelayMs`, retry.initialDelayMs, { min: 1 }, 200);
  const fallback = Math.max(10_000, initialDelayMs);
  const maxDelayMs = wholeNumber(`${path}.maxDelayMs`, retry.maxDelayMs, { min: 1 }, fallback);
  if (maxDelayMs < initialDelayMs) throw new ConfigError(`${path}.maxDelayMs`, "initialDelayMs or more");
  return { attempts, initialDelayMs, maxDelayMs };
}

export type Verdict = { kind: "retry"; delayMs: number } | { kind: "bisect" } | { kind: "give-up" };

export interface FailedPart {
  /** Events in it. */
  size: number;
  /** Failed attempts, this one included. */
  attempts: number;
  /** It is a half of a part whose last attempt has failed. */
  halved: boolean;
}

/** What follows a failed attempt. A half gets one attempt before it is halved again, a single event all of them. */
export function judge(
  { size, attempts, halved }: FailedPart,
  { retry, bisect }: Pick<FailureSettings<unknown>, "retry" | "bisect">,
  random: number,
): Verdict {
  const allowed = halved && size > 1 ? 1 : retry.attempts;
  if (attempts < allowed) return { kind: "retry", delayMs: backoffMs(attempts - 1, retry, random) };
  return bisect && size > 1 ? { kind: "bisect" } : { kind: "give-up" };
}

/** Two halves in order; the first is the longer one. */
export function halves<T>(items: readonly T[]): [T[], T[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** The result of an `onExhausted` function. @throws {ConfigError} unless it is an action */
export function checkedAction(answer: unknown): FailureAction {
  if (ACTIONS.includes(answer)) return answer as FailureAction;
  throw new ConfigError("the result of options.failure.onExhausted", "stop, skip, dead-letter or retry");
}
