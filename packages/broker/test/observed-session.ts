/** A subscription session over partitions in memory, with the trace of all that goes in and comes out. */
import { expect } from "vitest";
import type { PartitionKey } from "nakadi-storage";
import { type Batch, type SessionOutput, SubscriptionSession } from "../src/streaming/session/subscription-session.ts";
import type { StreamSettings } from "../src/streaming/stream-parameters.ts";
import type { Traced } from "./model-commands.ts";
import { settleSession, textOf } from "./settled-session.ts";

export interface ObservedPartition {
  key: PartitionKey;
  /** Number of events in its log. */
  length: number;
  /** The last ordinals that were sent and committed. */
  sent: number;
  committed: number;
}

export class ObservedSession implements Traced {
  readonly trace: string[] = [];
  readonly settings: StreamSettings;
  readonly session: SubscriptionSession;
  readonly partitions: readonly ObservedPartition[];
  nowMs = 0;
  isWritable = true;
  isEnded = false;
  /** The test has closed the session while it was streaming. */
  isClosed = false;
  sentEvents = 0;
  /** Distance that commits have moved on. */
  committedEvents = 0;
  /** When the last commit moved a partition on, or the first event after everything was committed was sent. */
  commitTimerSinceMs = 0;

  constructor(settings: StreamSettings, partitions: number) {
    this.settings = settings;
    this.session = new SubscriptionSession(settings, { maxBufferBytes: 1_000_000, nowMs: 0 });
    this.partitions = Array.from({ length: partitions }, (_, index): ObservedPartition => {
      return { key: `et:${index}`, length: 0, sent: -1, committed: -1 };
    });
    for (const { key } of this.partitions) this.session.assign(key, { at: { ordinal: -1, text: "-1" }, textOf }, 0);
  }

  /** Called for each batch before it counts as sent. */
  onBatch: (batch: Batch, partition: ObservedPartition) => void = () => undefined;
  /** Called when the session ends. */
  onEnd: () => void = () => undefined;
  /** Called whenever nothing more is due at an instant. */
  onSettled: () => void = () => undefined;

  get uncommitted(): number {
    return this.partitions.reduce((sum, { sent, committed }) => sum + sent - committed, 0);
  }

  partition(index: number): ObservedPartition {
    return this.partitions.at(index % this.partitions.length) as ObservedPartition;
  }

  /** Commits up to `to`; a position before the committed one is sent to the session too, and moves nothing. */
  commit(partition: ObservedPartition, to: number): void {
    if (to > partition.committed) {
      this.committedEvents += to - partition.committed;
      this.commitTimerSinceMs = this.nowMs;
      partition.committed = to;
    }
    this.session.committed(partition.key, { ordinal: to, text: textOf(to) }, this.nowMs);
  }

  close(): void {
    this.isClosed ||= this.session.phase === "streaming";
    this.session.close(undefined);
  }

  settle(): void {
    const lengthOf = (key: PartitionKey): number => this.#find(key).length;
    const surroundings = { nowMs: this.nowMs, writable: this.isWritable, lengthOf };
    settleSession(this.session, surroundings, (output) => this.#observe(output));
    this.onSettled();
  }

  /** Lets time pass, and the session do what is due in it. */
  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    const nextMs = (): number => this.session.nextDueMs(this.isWritable);
    for (let dueMs = nextMs(); dueMs <= untilMs; dueMs = nextMs()) {
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.settle();
      expect(nextMs(), "a time that stays due").toBeGreaterThan(this.nowMs);
    }
    this.nowMs = untilMs;
    this.settle();
  }

  #find(key: PartitionKey): ObservedPartition {
    return this.partitions.find((one) => one.key === key) as ObservedPartition;
  }

  #observe(output: SessionOutput): void {
    this.trace.push(`${this.nowMs} ms: ${textOfOutput(output)}`);
    expect(this.isEnded, "an output behind the end").toBe(false);
    if (output.kind === "end") {
      this.isEnded = true;
      this.onEnd();
    } else if (output.kind === "batch") {
      const partition = this.#find(output.partition);
      this.onBatch(output, partition);
      if (output.events.length > 0 && this.uncommitted === 0) this.commitTimerSinceMs = this.nowMs;
      partition.sent = output.events.at(-1)?.ordinal ?? partition.sent;
      this.sentEvents += output.events.length;
    }
  }
}

function textOfOutput(output: SessionOutput): string {
  if (output.kind !== "batch") return "partition" in output ? `${output.kind} ${output.partition}` : output.kind;
  const { partition, offset, events, debug } = output;
  return `${partition} ${events.length} events up to ${offset}${debug === undefined ? "" : `, "${debug}"`}`;
}
