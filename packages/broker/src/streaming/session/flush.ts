/**
 * When a partition's events are sent, and how many (protocol 3.4, its rules in their order).
 * @pure
 */
import type { PartitionWindow } from "./partition-window.ts";
import type { StreamSettings } from "../stream-parameters.ts";

export interface FlushContext {
  settings: StreamSettings;
  /** Events that may still be sent now. */
  allowed: number;
  nowMs: number;
  /** The stream timeout is reached: buffered events are sent, but no keep-alive. */
  ending: boolean;
}

/** The number of events to send now: 0 is a keep-alive, `undefined` means that no line is sent. */
export function flushNow(
  window: PartitionWindow,
  { settings, allowed, nowMs, ending }: FlushContext,
): number | undefined {
  const { search, buffer } = window;
  const spanned = settings.timespanMs > 0 && !search?.searching ? closedSpan(window, settings.timespanMs) : 0;
  if (spanned > 0) return spanned;
  const size = Math.max(0, Math.min(search?.searching ? oneByOne(window) : settings.batchLimit, allowed));
  if (size > 0 && buffer.length >= size) return size;
  const ready = Math.min(size, buffer.length);
  if (nowMs >= flushDueMs(window, settings)) return ready;
  return ending && ready > 0 ? ready : undefined;
}

/** When the flush timeout sends the buffered events, or a keep-alive. */
export function flushDueMs({ lastFlushMs }: PartitionWindow, { flushMs }: StreamSettings): number {
  return lastFlushMs + flushMs;
}

/** The search for dead letters sends one event, once the one before is committed or given up (protocol 3.12.3). */
function oneByOne({ search, uncommitted }: PartitionWindow): number {
  return uncommitted > 0 || search?.skipping ? 0 : 1;
}

/**
 * The number of events of a span of event time, once a later event has closed it. No other limit applies to them. The
 * next span begins where this one ended.
 */
function closedSpan(window: PartitionWindow, timespanMs: number): number {
  const { oldest, newest } = window.buffer;
  if (!oldest || !newest) return 0;
  if (Number.isNaN(window.spanEndMs)) window.spanEndMs = oldest.timestampMs + timespanMs;
  if (newest.timestampMs < window.spanEndMs) return 0;
  const count = window.buffer.countBefore(window.spanEndMs);
  window.spanEndMs = (count > 0 ? window.spanEndMs : oldest.timestampMs) + timespanMs;
  return Math.max(1, count);
}
