/**
 * Whether a consumer is well, told so that an idle one is not taken for a dead one.
 * @pure
 */
import type { EventTypePartition } from "nakadi-protocol";
import type { ConsumerState } from "./observers.ts";

/**
 * - `working`: batches are there and are handled
 * - `idle`: the stream is open and there is nothing to do
 * - `waiting`: no stream is open: connecting, backing off, or waiting for a slot
 * - `stuck`: it gets no further, whatever it does; `reason` says how that shows
 * - `draining`, `stopped`, `failed`: as the state
 */
export type HealthStatus = "working" | "idle" | "waiting" | "stuck" | "draining" | "stopped" | "failed";

/**
 * Why `ok` is false:
 * - `failed`: the consumer has failed; `done` and `onFailed` say with which error
 * - `slow-batch`: a batch is not done for longer than the commit timeout; `slowest` says which
 * - `sessions-in-vain`: two sessions in a row or more came to nothing. Batches came and no position moved: handlers take longer
 *   than the commit timeout, or commits do not go through. Or the stream ended within ten seconds, without a batch
 * - `nothing-committed`: batches are done, and no commit was taken for longer than the commit timeout
 * - `no-stream`: no stream was open for longer than a dead connection may hold the slot (flush and commit timeout together)
 */
export type HealthReason = "failed" | "slow-batch" | "sessions-in-vain" | "nothing-committed" | "no-stream";

export interface ConsumerHealth {
  /** False exactly where there is a `reason`. */
  ok: boolean;
  /** Why it is not ok. */
  reason: HealthReason | undefined;
  status: HealthStatus;
  state: ConsumerState;
  /** Milliseconds since the state changed. */
  stateForMs: number;
  /** Milliseconds since a stream was open, or since the start; `undefined` while one is. */
  withoutStreamMs: number | undefined;
  /** Milliseconds since the last batch came, was done, was committed; `undefined`: none yet. */
  sinceReceivedMs: number | undefined;
  sinceDoneMs: number | undefined;
  sinceCommittedMs: number | undefined;
  /** Milliseconds since the first batch was done of those that no commit has followed; `undefined` where one has. */
  uncommittedMs: number | undefined;
  /** Sessions in a row that came to nothing; of several streams the most. */
  sessionsInVain: number;
  /** Received and not done. */
  backlog: { batches: number; bytes: number };
  /** The batch that is not done for longest. */
  slowest: { lane: EventTypePartition; offset: string; ageMs: number } | undefined;
}

export interface HealthFacts extends Omit<ConsumerHealth, "ok" | "reason" | "status"> {
  commitTimeoutMs: number;
  /** How long having no stream is nothing to be told about. */
  quietMs: number;
}

/** One session that came to nothing is an accident. */
const MAX_IN_VAIN = 1;

export function healthOf({ commitTimeoutMs, quietMs, ...facts }: HealthFacts): ConsumerHealth {
  const reason = reasonOf({ commitTimeoutMs, quietMs, ...facts });
  return { ok: reason === undefined, reason, status: statusOf(facts, reason), ...facts };
}

function reasonOf({ commitTimeoutMs, quietMs, ...facts }: HealthFacts): HealthReason | undefined {
  const { state, slowest, sessionsInVain, uncommittedMs = 0, sinceDoneMs = Infinity, withoutStreamMs = 0 } = facts;
  if (state === "failed") return "failed";
  if (state === "stopped" || state === "draining") return undefined;
  if (slowest && slowest.ageMs > commitTimeoutMs) return "slow-batch";
  if (sessionsInVain > MAX_IN_VAIN) return "sessions-in-vain";
  // What was done longer ago than that is another consumer's by now.
  if (uncommittedMs > commitTimeoutMs && sinceDoneMs <= commitTimeoutMs) return "nothing-committed";
  return withoutStreamMs > quietMs ? "no-stream" : undefined;
}

function statusOf(
  { state, backlog }: Pick<ConsumerHealth, "state" | "backlog">,
  reason: HealthReason | undefined,
): HealthStatus {
  if (state === "failed" || state === "stopped" || state === "draining") return state;
  if (reason !== undefined && reason !== "no-stream") return "stuck";
  if (state !== "streaming") return "waiting";
  return backlog.batches > 0 ? "working" : "idle";
}
