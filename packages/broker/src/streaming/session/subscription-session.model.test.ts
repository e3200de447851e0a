import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PartitionKey } from "nakadi-storage";
import type { StreamRecord } from "../reading/record-buffer.ts";
import { type SessionOutput, SubscriptionSession } from "./subscription-session.ts";

const KEYS: readonly PartitionKey[] = ["et:0", "et:1", "et:2"];
const textOf = (ordinal: number): string => String(ordinal);

type Step =
  | { kind: "wait"; ms: number }
  | { kind: "publish"; key: number; count: number }
  | { kind: "commit"; key: number; back: number }
  | { kind: "reassign" | "keep"; key: number }
  | { kind: "block" | "unblock" };

const key = fc.integer({ min: 0, max: KEYS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({ kind: fc.constant("publish" as const), key, count: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant("commit" as const), key, back: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ kind: fc.constantFrom("reassign" as const, "keep" as const), key }),
  fc.record({ kind: fc.constantFrom("block" as const, "unblock" as const) }),
);

const settings = fc.record({
  batchLimit: fc.integer({ min: 1, max: 20 }),
  streamLimit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 60 })),
  flushMs: fc.integer({ min: 500, max: 4_000 }),
  timespanMs: fc.constant(0),
  timeoutMs: fc.integer({ min: 2_000, max: 60_000 }),
  keepAliveLimit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 5 })),
  maxUncommitted: fc.integer({ min: 1, max: 40 }),
  commitTimeoutMs: fc.integer({ min: 1_000, max: 10_000 }),
});

describe("a subscription session, whatever happens to it", () => {
  it("sends each partition in order without gaps, never more than allowed, and always ends in time", () => {
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 60 }), (given, steps) => {
        let nowMs = 0;
        let writable = true;
        const session = new SubscriptionSession(given, { maxBufferBytes: 10_000, nowMs });
        const logs = KEYS.map(() => 0);
        const sent = KEYS.map(() => -1);
        const committed = KEYS.map(() => -1);
        let events = 0;
        let ended = false;
        for (const partition of KEYS) session.assign(partition, { at: { ordinal: -1, text: "-1" }, textOf }, nowMs);

        const check = (outputs: readonly SessionOutput[]): void => {
          for (const output of outputs) {
            expect(ended).toBe(false);
            if (output.kind === "end") ended = true;
            if (output.kind !== "batch") continue;
            const index = KEYS.indexOf(output.partition);
            for (const { ordinal } of output.events) {
              expect(ordinal).toBe((sent[index] ?? 0) + 1);
              sent[index] = ordinal;
            }
            events += output.events.length;
            expect(output.events.length).toBeLessThanOrEqual(given.batchLimit);
            expect(output.offset).toBe(String(sent[index]));
          }
          const open = sent.reduce((sum, one, index) => sum + one - (committed[index] ?? 0), 0);
          expect(open).toBeLessThanOrEqual(given.maxUncommitted);
          expect(events).toBeLessThanOrEqual(given.streamLimit);
        };
        const settle = (): void => {
          for (;;) {
            check(session.advance(nowMs, writable));
            const ready = session.wanted().filter(({ partition, from }) => from < (logs[KEYS.indexOf(partition)] ?? 0));
            if (ready.length === 0) return;
            for (const { partition, from, records } of ready) {
              const count = Math.min(records, (logs[KEYS.indexOf(partition)] ?? 0) - from);
              const read = Array.from({ length: count }, (_, at): StreamRecord => {
                return { ordinal: from + at, timestampMs: nowMs, value: new Uint8Array(8) };
              });
              session.received(partition, from, { records: read, next: from + count });
            }
          }
        };

        for (const one of steps) {
          if (one.kind === "wait") nowMs += one.ms;
          else if (one.kind === "publish") logs[one.key] = (logs[one.key] ?? 0) + one.count;
          else if (one.kind === "commit") {
            const to = Math.max(committed[one.key] ?? -1, (sent[one.key] ?? -1) - one.back);
            committed[one.key] = to;
            session.committed(KEYS[one.key] ?? "et:0", { ordinal: to, text: String(to) }, nowMs);
          } else if (one.kind === "reassign") session.reassign(KEYS[one.key] ?? "et:0", nowMs);
          else if (one.kind === "keep") session.keep(KEYS[one.key] ?? "et:0");
          else writable = one.kind === "unblock";
          settle();
        }
        // Left alone, every session ends when its own deadlines say so.
        writable = true;
        const limitMs = nowMs + given.timeoutMs + 3 * given.commitTimeoutMs;
        while (!ended) {
          const dueMs = session.nextDueMs();
          expect(dueMs).toBeLessThanOrEqual(limitMs);
          nowMs = Math.max(nowMs, dueMs);
          settle();
        }
      }),
    );
  });
});
