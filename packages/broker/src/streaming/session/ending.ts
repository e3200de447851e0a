/**
 * Why a stream ends by itself, when, and what its client reads last (protocol 3.6.5, 3.6.6, 3.7).
 * @pure
 */
import type { SessionSettings } from "../parameters.ts";

export interface StreamFacts {
  settings: SessionSettings;
  startedAtMs: number;
  /** Distance that commits have moved on. */
  committedEvents: number;
  uncommitted: number;
  /** When the commit timeout is reached if nothing is committed until then. */
  commitDueMs: number;
  /** Since when there is nothing to read and nothing about to come. */
  idleSinceMs: number | undefined;
  windows: readonly PartitionFacts[];
}

interface PartitionFacts {
  keepAlives: number;
  uncommitted: number;
  /** Since when another stream waits for it. */
  leavingSinceMs: number | undefined;
}

export interface Ending {
  /** Text of the last line; without it there is none. */
  debug?: string;
  /** Whether commits are waited for. */
  closing: boolean;
}

/** `undefined` while the stream goes on. */
export function endingAt(facts: StreamFacts, nowMs: number): Ending | undefined {
  const { settings, windows } = facts;
  if (facts.committedEvents >= settings.streamLimit)
    return { debug: `Stream limit in events reached: ${settings.streamLimit}`, closing: true };
  if (facts.uncommitted > 0 && nowMs >= facts.commitDueMs) return { debug: "Commit timeout reached", closing: false };
  if (nowMs >= timeoutMs(facts)) return { debug: "Stream timeout reached", closing: true };
  if (nowMs >= idleDueMs(facts)) return { closing: false };
  if (windows.length > 0 && windows.every(({ keepAlives }) => keepAlives >= settings.keepAliveLimit))
    return { closing: true };
  if (windows.some((window) => window.uncommitted > 0 && nowMs >= barrierMs(window, settings)))
    return { closing: true };
  return undefined;
}

/** When time alone may end the stream. */
export function endingDueMs(facts: StreamFacts): number {
  const commit = facts.uncommitted > 0 ? facts.commitDueMs : Number.POSITIVE_INFINITY;
  return Math.min(timeoutMs(facts), idleDueMs(facts), commit, ...barriersMs(facts));
}

/** When what other streams wait for has to be committed, by partition. */
export function barriersMs({ windows, settings }: StreamFacts): number[] {
  return windows.map((window) => barrierMs(window, settings));
}

/** When the time of the stream is up: what is there is flushed then. */
export function timeoutMs({ startedAtMs, settings }: Pick<StreamFacts, "startedAtMs" | "settings">): number {
  return startedAtMs + settings.timeoutMs;
}

function idleDueMs({ idleSinceMs, settings }: StreamFacts): number {
  return idleSinceMs === undefined ? Number.POSITIVE_INFINITY : idleSinceMs + 2 * settings.commitTimeoutMs;
}

/** What another stream waits for has to be committed until then. */
function barrierMs({ leavingSinceMs }: PartitionFacts, { commitTimeoutMs }: SessionSettings): number {
  return leavingSinceMs === undefined ? Number.POSITIVE_INFINITY : leavingSinceMs + commitTimeoutMs;
}
