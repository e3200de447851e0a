/** When a session sends, pauses, closes and ends, held against a plain account of times (protocol 3.4 to 3.9). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PartitionKey } from "nakadi-storage";
import type { StreamSettings } from "../stream-parameters.ts";
import { type Batch, type SessionOutput, SubscriptionSession } from "./subscription-session.ts";

const textOf = (ordinal: number): string => String(ordinal);

interface Lane {
  key: PartitionKey;
  length: number;
  sent: number;
  committed: number;
  flushedAtMs: number;
  keepAlives: number;
}

/** What the protocol says of times, kept by somebody who only sees what goes in and what comes out. */
class Account {
  readonly #settings: StreamSettings;
  readonly lanes: readonly Lane[];
  readonly session: SubscriptionSession;
  nowMs = 0;
  #events = 0;
  #committedEvents = 0;
  /** The later of the last commit that moved on and the first event after everything was committed. */
  #uncommittedSinceMs = 0;
  #closed = false;
  #ended = false;

  constructor(settings: StreamSettings, lanes: number) {
    this.#settings = settings;
    this.session = new SubscriptionSession(settings, { maxBufferBytes: 1_000_000, nowMs: 0 });
    this.lanes = Array.from({ length: lanes }, (_, index): Lane => {
      return { key: `et:${index}`, length: 0, sent: -1, committed: -1, flushedAtMs: 0, keepAlives: 0 };
    });
    for (const { key } of this.lanes) this.session.assign(key, { at: { ordinal: -1, text: "-1" }, textOf }, 0);
  }

  get ended(): boolean {
    return this.#ended;
  }

  lane(index: number): Lane {
    return this.lanes.at(index % this.lanes.length) as Lane;
  }

  commit(lane: Lane, to: number): void {
    if (to > lane.committed) {
      this.#committedEvents += to - lane.committed;
      this.#uncommittedSinceMs = this.nowMs;
      lane.committed = to;
    }
    this.session.committed(lane.key, { ordinal: to, text: textOf(to) }, this.nowMs);
  }

  close(): void {
    this.#closed ||= this.session.phase === "streaming";
    this.session.close(undefined);
  }

  /** Lets the session do what is due, and read what there is. */
  settle(): void {
    for (;;) {
      for (const output of this.session.advance(this.nowMs)) this.#take(output);
      const ready = this.session.wanted().filter(({ partition, from }) => from < this.#lengthOf(partition));
      if (ready.length === 0) break;
      for (const { partition, from, records } of ready) {
        const count = Math.min(records, this.#lengthOf(partition) - from);
        const read = Array.from({ length: count }, (_, at) => {
          return { ordinal: from + at, timestampMs: this.nowMs, value: new Uint8Array(1) };
        });
        this.session.received(partition, from, { records: read, next: from + count });
      }
    }
    this.#check();
  }

  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let dueMs = this.session.nextDueMs(); dueMs <= untilMs; dueMs = this.session.nextDueMs()) {
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.settle();
    }
    this.nowMs = untilMs;
    this.settle();
  }

  get #uncommitted(): number {
    return this.lanes.reduce((sum, { sent, committed }) => sum + sent - committed, 0);
  }

  get #commitTimeIsUp(): boolean {
    return this.nowMs - this.#uncommittedSinceMs >= this.#settings.commitTimeoutMs;
  }

  #lengthOf(key: PartitionKey): number {
    return this.lanes.find((lane) => lane.key === key)?.length ?? 0;
  }

  #take(output: SessionOutput): void {
    expect(this.#ended).toBe(false);
    if (output.kind === "end") {
      this.#ended = true;
      expect(this.#uncommitted === 0 || this.#commitTimeIsUp).toBe(true);
    } else if (output.kind === "batch") {
      expect(this.#closed, "a line behind the last one").toBe(false);
      this.#line(output);
    } else expect.unreachable(output.kind);
  }

  #line({ partition, events, debug = "" }: Batch): void {
    if (/timeout reached|Stream limit/.test(debug)) return this.#lastLine(debug);
    const lane = this.lanes.find(({ key }) => key === partition) as Lane;
    const { batchLimit, maxUncommitted, streamLimit, flushMs, timeoutMs } = this.#settings;
    const allowed = Math.max(0, Math.min(batchLimit, maxUncommitted - this.#uncommitted, streamLimit - this.#events));
    const isDue = this.nowMs - lane.flushedAtMs >= flushMs;
    const isOver = this.nowMs >= timeoutMs;
    expect(events.length).toBeLessThanOrEqual(allowed);
    if (events.length < allowed || allowed === 0) expect(isDue || (isOver && events.length > 0)).toBe(true);
    if (events.length > 0 && this.#uncommitted === 0) this.#uncommittedSinceMs = this.nowMs;
    lane.flushedAtMs = this.nowMs;
    lane.keepAlives = events.length > 0 ? 0 : lane.keepAlives + 1;
    lane.sent = events.at(-1)?.ordinal ?? lane.sent;
    this.#events += events.length;
  }

  #lastLine(debug: string): void {
    this.#closed = true;
    const { streamLimit, timeoutMs } = this.#settings;
    if (debug === "Commit timeout reached") expect(this.#uncommitted > 0 && this.#commitTimeIsUp).toBe(true);
    else if (debug === "Stream timeout reached") expect(this.nowMs).toBeGreaterThanOrEqual(timeoutMs);
    else expect(this.#committedEvents).toBeGreaterThanOrEqual(streamLimit);
  }

  /** What must not be left undone at this moment. */
  #check(): void {
    const { phase } = this.session;
    const { flushMs, timeoutMs, streamLimit, keepAliveLimit } = this.#settings;
    const isQuiet = this.lanes.every(({ keepAlives }) => keepAlives >= keepAliveLimit);
    // Only the limit of keep-alives ends a stream without a word.
    if (phase !== "streaming" && !this.#closed) expect(isQuiet).toBe(true);
    this.#closed ||= phase !== "streaming";
    if (phase === "ended") return expect(this.#ended).toBe(true);
    if (this.#uncommitted > 0) expect(this.#commitTimeIsUp).toBe(false);
    if (phase === "closing") return expect(this.#uncommitted).toBeGreaterThan(0);
    expect(this.nowMs).toBeLessThan(timeoutMs);
    expect(this.#committedEvents).toBeLessThan(streamLimit);
    expect(isQuiet).toBe(false);
    for (const { flushedAtMs } of this.lanes) expect(this.nowMs - flushedAtMs).toBeLessThan(flushMs);
  }
}

const nat = fc.nat({ max: 100 });
const step = fc.oneof(
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({ kind: fc.constant("publish" as const), lane: nat, count: fc.integer({ min: 1, max: 15 }) }),
  fc.record({ kind: fc.constant("commit" as const), lane: nat, back: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant("commit all" as const) }),
  fc.record({ kind: fc.constant("close" as const), really: fc.nat({ max: 9 }) }),
);
const settings = fc.record({
  batchLimit: fc.integer({ min: 1, max: 12 }),
  streamLimit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 40 })),
  flushMs: fc.integer({ min: 300, max: 4_000 }),
  timespanMs: fc.constant(0),
  timeoutMs: fc.integer({ min: 2_000, max: 60_000 }),
  keepAliveLimit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 4 })),
  maxUncommitted: fc.integer({ min: 0, max: 30 }),
  commitTimeoutMs: fc.integer({ min: 1_000, max: 8_000 }),
});

describe("the times of a session", () => {
  it("leave nothing undone when it is run just then, however its clock counts fractions", () => {
    const instant = fc.double({ min: 0, max: 1e9, noNaN: true });
    const due = fc.integer({ min: 1, max: 60_000 });
    fc.assert(
      fc.property(instant, due, due, due, (startMs, flushMs, commitTimeoutMs, timeoutMs) => {
        const given = {
          batchLimit: 1,
          streamLimit: Infinity,
          timespanMs: 0,
          keepAliveLimit: Infinity,
          maxUncommitted: 9,
        };
        const times = { flushMs, commitTimeoutMs, timeoutMs };
        const session = new SubscriptionSession({ ...given, ...times }, { maxBufferBytes: 100, nowMs: startMs });
        session.assign("et:0", { at: { ordinal: -1, text: "-1" }, textOf }, startMs);
        const record = { ordinal: 0, timestampMs: 0, value: new Uint8Array(1) };
        session.received("et:0", 0, { records: [record], next: 1 });
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
      fc.property(
        settings,
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 60 }),
        (given, lanes, steps) => {
          const account = new Account(given, lanes);
          for (const one of steps) {
            if (one.kind === "wait") account.wait(one.ms);
            else if (one.kind === "publish") account.lane(one.lane).length += one.count;
            else if (one.kind === "commit")
              account.commit(account.lane(one.lane), account.lane(one.lane).sent - one.back);
            else if (one.kind === "commit all") for (const lane of account.lanes) account.commit(lane, lane.sent);
            else if (one.really === 0) account.close();
            account.settle();
            if (account.ended) return;
          }
          account.wait(given.timeoutMs + given.commitTimeoutMs);
          expect(account.ended).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
