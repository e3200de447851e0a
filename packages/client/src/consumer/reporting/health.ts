/**
 * The health of a consumer. An idle consumer is healthy.
 * @pure
 */
import type { EventTypePartition } from "nakadi-protocol";
import type { ConsumerState } from "./observers.ts";

/**
 * - `working`: batches are being handled
 * - `idle`: the stream is open and no batch is pending
 * - `waiting`: no stream is open: connecting, backing off, or waiting for a slot
 * - `stuck`: no progress; `reason` says why
 * - `draining`, `stopped`, `failed`: as the state
 */
export type HealthStatus = "working" | "idle" | "waiting" | "stuck" | "draining" | "stopped" | "failed";

/**
 * Why `ok` is false:
 * - `failed`: the consumer has failed; `done` and `onFailed` have the error
 * - `slow-batch`: a batch has not been done for longer than the commit timeout; `slowest` names it
 * - `sessions-without-progress`: two or more sessions in a row made no progress. Batches came and no position advanced:
 *   handlers take longer than the commit timeout, or commits fail. Or the stream ended within ten seconds without a batch
 * - `nothing-committed`: batches are done, and no commit has succeeded for longer than the commit timeout
 * - `no-stream`: no stream was open for longer than a dead connection may hold the slot (flush and commit timeout together)
 */
export type HealthReason = "failed" | "slow-batch" | "sessions-without-progress" | "nothing-committed" | "no-stream";

export interface ConsumerHealth {
  /** False exactly where there is a `reason`. */
  ok: boolean;
  /** Why `ok` is false. */
  reason: HealthReason | undefined;
  status: HealthStatus;
  state: ConsumerState;
  /** Milliseconds since the state changed. */
  stateForMs: number;
  /** Milliseconds since a stream was open, or since the start; `undefined` while one is. */
  withoutStreamMs: number | undefined;
  /** Milliseconds since the last batch was received, done, committed; `undefined`: none yet. */
  sinceReceivedMs: number | undefined;
  sinceDoneMs: number | undefined;
  sinceCommittedMs: number | undefined;
  /** Milliseconds since the first batch was done after the last commit; `undefined` if there is none. */
  uncommittedMs: number | undefined;
  /** Sessions in a row without progress; of several streams the maximum. */
  sessionsWithoutProgress: number;
  /** Received and not done. */
  backlog: { batches: number; bytes: number };
  /** The oldest batch that is not done. */
  slowest: { lane: EventTypePartition; offset: string; ageMs: number } | undefined;
}

export interface HealthFacts extends Omit<ConsumerHealth, "ok" | "reason" | "status"> {
  commitTimeoutMs: number;
  /** Milliseconds without a stream that are not reported. */
  quietMs: number;
}

/** A single session without progress is not reported. */
const MAX_WITHOUT_PROGRESS = 1;

export function healthOf({ commitTimeoutMs, quietMs, ...facts }: HealthFacts): ConsumerHealth {
  const reason = reasonOf({ commitTimeoutMs, quietMs, ...facts });
  return { ok: reason === undefined, reason, status: statusOf(facts, reason), ...facts };
}

function reasonOf({ commitTimeoutMs, quietMs, ...facts }: HealthFacts): HealthReason | undefined {
  const {
    state,
    slowest,
    sessionsWithoutProgress,
    uncommittedMs = 0,
    sinceDoneMs = Infinity,
    withoutStreamMs = 0,
  } = facts;
  if (state === "failed") return "failed";
  if (state === "stopped" || state === "draining") return undefined;
  if (slowest && slowest.ageMs > commitTimeoutMs) return "slow-batch";
  if (sessionsWithoutProgress > MAX_WITHOUT_PROGRESS) return "sessions-without-progress";
  // Batches that were done before that belong to another consumer by now.
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
