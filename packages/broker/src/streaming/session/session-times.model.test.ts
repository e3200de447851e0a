/** When a session sends, pauses, closes and ends: the rules of the protocol over its trace (protocol 3.4 to 3.9). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { command, runCommands } from "../../../test/model-commands.ts";
import { ObservedSession } from "../../../test/observed-session.ts";
import { recordsBetween, textOf } from "../../../test/settled-session.ts";
import { anyStreamSettings, streamSettings } from "../../../test/stream-settings.ts";
import { SubscriptionSession } from "./subscription-session.ts";

const LAST_LINE = /timeout reached|Stream limit/;
const INFINITE = fc.constant(Number.POSITIVE_INFINITY);

const settings = anyStreamSettings({
  batchLimit: fc.integer({ min: 1, max: 12 }),
  streamLimit: fc.oneof(INFINITE, fc.integer({ min: 1, max: 40 })),
  flushMs: fc.integer({ min: 300, max: 4_000 }),
  timeoutMs: fc.integer({ min: 2_000, max: 60_000 }),
  keepAliveLimit: fc.oneof(INFINITE, fc.integer({ min: 1, max: 4 })),
  maxUncommitted: fc.nat({ max: 30 }),
  commitTimeoutMs: fc.integer({ min: 1_000, max: 8_000 }),
});

const act = (text: string, run: (stream: ObservedSession) => void) =>
  command<ObservedSession>(text, (stream) => {
    run(stream);
    if (!stream.isEnded) stream.settle();
  });
const partition = fc.nat({ max: 100 });
const commands = fc.commands(
  [
    fc.integer({ min: 1, max: 3_000 }).map((ms) => act(`wait(${ms})`, (stream) => stream.wait(ms))),
    fc
      .tuple(partition, fc.integer({ min: 1, max: 15 }))
      .map(([at, count]) => act(`publish(${at}, ${count})`, (stream) => (stream.partition(at).length += count))),
    fc.tuple(partition, fc.nat({ max: 3 })).map(([at, back]) =>
      act(`commit(${at}, ${back} before the last)`, (stream) => {
        stream.commit(stream.partition(at), stream.partition(at).sent - back);
      }),
    ),
    fc.constant(
      act("commit all", (stream) => {
        for (const one of stream.partitions) stream.commit(one, one.sent);
      }),
    ),
    fc.nat({ max: 9 }).map((chance) => act(chance === 0 ? "close" : "settle", (s) => chance === 0 && s.close())),
  ],
  { maxCommands: 60, size: "max" },
);

/** Holds each line, each end and each instant against the settings. */
function demandTimes(stream: ObservedSession): void {
  const { batchLimit, streamLimit, flushMs, timeoutMs, keepAliveLimit, maxUncommitted, commitTimeoutMs } =
    stream.settings;
  const lines = new Map(stream.partitions.map(({ key }) => [key, { flushedAtMs: 0, keepAlives: 0 }]));
  let hasLastLine = false;
  const isCommitTimeoutReached = (): boolean => stream.nowMs - stream.commitTimerSinceMs >= commitTimeoutMs;
  const isQuiet = (): boolean => [...lines.values()].every(({ keepAlives }) => keepAlives >= keepAliveLimit);

  stream.onBatch = ({ partition: key, events, debug = "" }) => {
    expect(hasLastLine || stream.isClosed, "a line behind the last one").toBe(false);
    hasLastLine = LAST_LINE.test(debug);
    if (debug.startsWith("Commit")) expect(stream.uncommitted > 0 && isCommitTimeoutReached()).toBe(true);
    if (debug.startsWith("Stream timeout")) expect(stream.nowMs).toBeGreaterThanOrEqual(timeoutMs);
    if (debug.startsWith("Stream limit")) expect(stream.committedEvents).toBeGreaterThanOrEqual(streamLimit);
    const line = lines.get(key);
    if (hasLastLine || !line) return;
    const count = events.length;
    const free = Math.max(
      0,
      Math.min(batchLimit, maxUncommitted - stream.uncommitted, streamLimit - stream.sentEvents),
    );
    const isFlushed = stream.nowMs - line.flushedAtMs >= flushMs || (stream.nowMs >= timeoutMs && count > 0);
    expect(count).toBeLessThanOrEqual(free);
    expect(isFlushed || (count === free && count > 0), "a line before its flush timeout is full").toBe(true);
    lines.set(key, { flushedAtMs: stream.nowMs, keepAlives: count > 0 ? 0 : line.keepAlives + 1 });
  };
  stream.onEnd = () => expect(stream.uncommitted === 0 || isCommitTimeoutReached()).toBe(true);
  stream.onSettled = () => {
    const { phase } = stream.session;
    if (phase !== "streaming" && !hasLastLine && !stream.isClosed)
      expect(isQuiet(), "an end without a text").toBe(true);
    if (phase === "ended") return expect(stream.isEnded).toBe(true);
    if (stream.uncommitted > 0) expect(isCommitTimeoutReached()).toBe(false);
    if (phase === "closing") return expect(stream.uncommitted).toBeGreaterThan(0);
    expect(stream.nowMs).toBeLessThan(timeoutMs);
    expect(stream.committedEvents).toBeLessThan(streamLimit);
    expect(isQuiet(), "every partition at its limit of keep-alives").toBe(false);
    for (const { flushedAtMs } of lines.values()) expect(stream.nowMs - flushedAtMs).toBeLessThan(flushMs);
  };
}

describe("the times of a session", () => {
  it("leave nothing due after it has run at an instant, whatever fractions its clock has", () => {
    const instant = fc.double({ min: 0, max: 1e9, noNaN: true });
    const due = fc.integer({ min: 1, max: 60_000 });
    const times = anyStreamSettings({ flushMs: due, commitTimeoutMs: due, timeoutMs: due });
    fc.assert(
      fc.property(instant, times, (startMs, given) => {
        const session = new SubscriptionSession(streamSettings(given), { maxBufferBytes: 100, nowMs: startMs });
        session.assign("et:0", { at: { ordinal: -1, text: "-1" }, textOf }, startMs);
        session.received("et:0", 0, { records: recordsBetween(0, 1), next: 1 });
        session.advance(startMs);
        for (let run = 0; session.phase !== "ended" && run < 100; run += 1) {
          const nowMs = session.nextDueMs();
          session.advance(nowMs);
          expect(session.nextDueMs()).toBeGreaterThan(nowMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("are those of the protocol, to the millisecond", () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 4 }), commands, (given, partitions, list) => {
        const stream = new ObservedSession(given, partitions);
        demandTimes(stream);
        runCommands(stream, list, () => {
          if (!stream.isEnded) stream.wait(given.timeoutMs + given.commitTimeoutMs);
          expect(stream.isEnded).toBe(true);
        });
      }),
      { numRuns: 300 },
    );
  });
});
