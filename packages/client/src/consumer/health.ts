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
 * - `stuck`: a batch has not come to an end for longer than the commit timeout
 * - `draining`, `stopped`, `failed`: as the state
 */
export type HealthStatus = "working" | "idle" | "waiting" | "stuck" | "draining" | "stopped" | "failed";

export interface ConsumerHealth {
  /**
   * False for `stuck` and `failed`, and for `waiting` once no stream was open for longer than a dead connection may hold the
   * slot (flush and commit timeout together), however often it was tried.
   */
  ok: boolean;
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
  /** Received and not done. */
  backlog: { batches: number; bytes: number };
  /** The batch that is not done for longest. */
  slowest: { lane: EventTypePartition; offset: string; ageMs: number } | undefined;
}

export interface HealthFacts extends Omit<ConsumerHealth, "ok" | "status"> {
  commitTimeoutMs: number;
  /** How long having no stream is nothing to be told about. */
  quietMs: number;
}

export function healthOf({ commitTimeoutMs, quietMs, ...facts }: HealthFacts): ConsumerHealth {
  const status = statusOf(facts, commitTimeoutMs);
  const ok = status === "waiting" ? (facts.withoutStreamMs ?? 0) <= quietMs : status !== "stuck" && status !== "failed";
  return { ok, status, ...facts };
}

function statusOf({ state, slowest, backlog }: Omit<ConsumerHealth, "ok" | "status">, limitMs: number): HealthStatus {
  if (state === "failed" || state === "stopped" || state === "draining") return state;
  if (slowest && slowest.ageMs > limitMs) return "stuck";
  if (state !== "streaming") return "waiting";
  return backlog.batches > 0 ? "working" : "idle";
}
