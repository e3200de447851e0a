import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PartitionKey } from "nakadi-storage";
import type { DeadLetterRules } from "./dead-letter-annotations.ts";
import { assigned, type FailureCount } from "./dead-letter-search.ts";
import { streamSettings } from "../../test/stream-settings.ts";
import type { StreamSettings } from "../streaming/stream-parameters.ts";
import { type SessionOutput, SubscriptionSession } from "../streaming/session/subscription-session.ts";

const KEY: PartitionKey = "et:0";
const NONE: FailureCount = { failedCommits: 0, searchUntil: undefined };
const rules = (maxSends: number): DeadLetterRules => ({ maxSends, policy: "SKIP_EVENT" });
const textOf = (ordinal: number): string => `@${ordinal}`;

const SETTINGS = streamSettings({ batchLimit: 3, flushMs: 1_000, maxUncommitted: 100, commitTimeoutMs: 1_000 });

/** Stands for the store and for all streams that one partition ever has, one after the other. */
class Partition {
  readonly #length: number;
  readonly #rules: DeadLetterRules;
  committed = -1;
  count: FailureCount = NONE;
  skipped: number[] = [];
  nowMs = 0;

  constructor(length: number, maxSends: number) {
    this.#length = length;
    this.#rules = rules(maxSends);
  }

  /**
   * One stream until it has nothing to do or its commit timeout ends it. `isPoison`: its consumer crashes on the event and
   * commits nothing that comes with it.
   * @returns the ordinals of each batch that was sent
   */
  stream(settings: StreamSettings, isPoison: (ordinal: number) => boolean): number[][] {
    this.count = assigned(this.count, this.#rules, this.committed, settings.batchLimit);
    const session = new SubscriptionSession(settings, { maxBufferBytes: 1_000_000, nowMs: this.nowMs });
    const at = { ordinal: this.committed, text: textOf(this.committed) };
    session.assign(KEY, { at, textOf, deadLetters: { rules: this.#rules, count: this.count } }, this.nowMs);
    const batches: number[][] = [];
    let crashed = false;
    const commit = (ordinal: number): void => {
      this.committed = ordinal;
      this.count = { ...this.count, failedCommits: 0 };
      session.committed(KEY, { ordinal, text: textOf(ordinal) }, this.nowMs);
    };
    const carryOut = (output: SessionOutput): void => {
      if (output.kind === "skip") {
        this.skipped.push(output.event.ordinal);
        commit(output.event.ordinal);
      } else if (output.kind === "end") {
        for (const partition of output.failed.keys())
          if (partition === KEY) this.count = { ...this.count, failedCommits: this.count.failedCommits + 1 };
      } else if (output.kind === "batch" && output.events.length > 0) {
        const ordinals = output.events.map(({ ordinal }) => ordinal);
        batches.push(ordinals);
        crashed ||= ordinals.some(isPoison);
        if (!crashed) commit(ordinals.at(-1) ?? -1);
      }
    };
    while (session.phase !== "ended" && this.committed < this.#length - 1) {
      for (const { from, records } of session.wanted()) {
        const count = Math.min(records, this.#length - from);
        const read = Array.from({ length: count }, (_, index) => {
          return { ordinal: from + index, timestampMs: 0, value: new Uint8Array(1) };
        });
        if (count > 0) session.received(KEY, from, { records: read, next: from + count });
      }
      const outputs = session.advance(this.nowMs);
      for (const output of outputs) carryOut(output);
      if (outputs.length === 0) this.nowMs = Math.max(this.nowMs, session.nextDueMs());
    }
    return batches;
  }
}

describe("the search for dead letters", () => {
  it("goes as the protocol's worked example does: three batches, three times one event, and on behind it", () => {
    const partition = new Partition(10, 3);
    const first = (ordinal: number): boolean => ordinal === 0;
    const streams = Array.from({ length: 6 }, () => partition.stream(SETTINGS, first)[0]);
    expect(streams).toEqual([[0, 1, 2], [0, 1, 2], [0, 1, 2], [0], [0], [0]]);
    expect(partition.stream(SETTINGS, first)).toEqual([[1], [2], [3, 4, 5], [6, 7, 8], [9]]);
    expect(partition.skipped).toEqual([0]);
  });

  it("sends single events up to the end of the batch that failed, and whole batches again in the same stream", () => {
    const partition = new Partition(25, 2);
    partition.count = { failedCommits: 2, searchUntil: undefined };
    const batches = partition.stream({ ...SETTINGS, batchLimit: 10 }, () => false);
    expect(batches.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 10, 5]);
  });

  it("keeps alive, but sends no second event before the first is committed", () => {
    const session = new SubscriptionSession(SETTINGS, { maxBufferBytes: 1_000, nowMs: 0 });
    const deadLetters = { rules: rules(2), count: { failedCommits: 0, searchUntil: 2 } };
    session.assign(KEY, { at: { ordinal: -1, text: "@-1" }, textOf, deadLetters }, 0);
    const records = [0, 1, 2, 3].map((ordinal) => ({ ordinal, timestampMs: 0, value: new Uint8Array(1) }));
    session.received(KEY, 0, { records, next: 4 });
    expect(session.advance(0)).toMatchObject([{ kind: "batch", events: [{ ordinal: 0 }] }]);
    session.committed(KEY, { ordinal: 0, text: "@0" }, 500);
    expect(session.advance(500)).toMatchObject([{ kind: "batch", events: [{ ordinal: 1 }], debug: undefined }]);
    expect(session.advance(1_499)).toEqual([]);
  });

  it("tells which partitions it tracks with the first batch after they came, and then no more", () => {
    const session = new SubscriptionSession({ ...SETTINGS, batchLimit: 1 }, { maxBufferBytes: 1_000, nowMs: 0 });
    const start = { at: { ordinal: -1, text: "@-1" }, textOf };
    session.assign(
      "et:0",
      { ...start, deadLetters: { rules: rules(3), count: { failedCommits: 1, searchUntil: undefined } } },
      0,
    );
    session.assign(
      "et:1",
      { ...start, deadLetters: { rules: rules(3), count: { failedCommits: 0, searchUntil: 4 } } },
      0,
    );
    session.assign("et:2", { ...start, deadLetters: { rules: rules(3), count: NONE } }, 0);
    const debugs = session.advance(1_000).map((output) => (output.kind === "batch" ? output.debug : output));
    expect(debugs).toEqual([
      "Stream started; Auto DLQ failed commits tracking: {et:0 failedCommitsCount=1 lastDeadLetterOffset=null}, " +
        "{et:1 failedCommitsCount=0 lastDeadLetterOffset=@4}",
      undefined,
      undefined,
    ]);
    session.unassign("et:1", 1_500);
    const [again] = session.advance(2_000);
    expect(again).toMatchObject({
      debug: "Auto DLQ failed commits tracking: {et:0 failedCommitsCount=1 lastDeadLetterOffset=null}",
    });
  });

  it("counts no failure for a stream that was ended by force, nor where everything was committed", () => {
    const session = new SubscriptionSession(SETTINGS, { maxBufferBytes: 1_000, nowMs: 0 });
    session.assign(KEY, { at: { ordinal: -1, text: "@-1" }, textOf, deadLetters: { rules: rules(2), count: NONE } }, 0);
    const records = [0, 1, 2].map((ordinal) => ({ ordinal, timestampMs: 0, value: new Uint8Array(1) }));
    session.received(KEY, 0, { records, next: 3 });
    session.advance(0);
    session.end();
    expect(session.advance(0)).toEqual([{ kind: "end", failed: new Map() }]);
  });

  it("gives up exactly the poison, after it was sent often enough, and delivers everything else", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 29 }), { maxLength: 5 }),
        fc.integer({ min: 2, max: 4 }),
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
        (length, poison, maxSends, batchLimits) => {
          const partition = new Partition(length, maxSends);
          const sends = new Map<number, number>();
          for (let streams = 0; partition.committed < length - 1; streams += 1) {
            expect(streams).toBeLessThan(2 * maxSends * (poison.length + 1) + length);
            const batchLimit = batchLimits[streams % batchLimits.length] ?? 1;
            const batches = partition.stream({ ...SETTINGS, batchLimit }, (ordinal) => poison.includes(ordinal));
            for (const ordinal of batches.flat()) sends.set(ordinal, (sends.get(ordinal) ?? 0) + 1);
          }
          const wanted = poison.filter((ordinal) => ordinal < length).sort((a, b) => a - b);
          expect(partition.skipped).toEqual(wanted);
          for (const ordinal of wanted) expect(sends.get(ordinal)).toBeGreaterThanOrEqual(maxSends);
          expect(sends.size).toBe(length);
        },
      ),
    );
  });
});
