/**
 * One stream of a subscription, without clock, storage or socket: partitions, events and commits go in, lines come out
 * (protocol 3.4 to 3.9, 3.12, A.4). Its driver calls `advance` after each change and at `nextDueMs`.
 *
 * Phases: streaming → closing (silent; waits for the commits of what was sent) → ended.
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";
import { Deadlines } from "./deadlines.ts";
import { DebugTexts } from "./debug-texts.ts";
import { flushDueMs, flushNow } from "./flush.ts";
import { HeldPartitions } from "./held-partitions.ts";
import type { StreamSettings } from "../stream-parameters.ts";
import type { Mark, PartitionStart, PartitionWindow } from "./partition-window.ts";
import { readAhead, type Wanted } from "../reading/read-ahead.ts";
import type { StreamRecord } from "../reading/record-buffer.ts";

export interface Batch {
  kind: "batch";
  partition: PartitionKey;
  /** The offset that the batch's cursor shows. */
  offset: string;
  /** Empty: a keep-alive, or a line that only carries `debug`. */
  events: readonly StreamRecord[];
  debug: string | undefined;
}

export type SessionOutput =
  | Batch
  /** An event is given up after `failedCommits` failed sends: it is committed once the dead-letter queue has stored it. */
  | { kind: "skip"; partition: PartitionKey; offset: string; event: StreamRecord; failedCommits: number }
  /** No event up to `to` is one that this stream may show: they are committed for the client. */
  | { kind: "autocommit"; partition: PartitionKey; to: number }
  | { kind: "release"; partition: PartitionKey }
  /** `failed`: partitions of which events are uncommitted at their deadline, with the last ordinal that is committed. */
  | { kind: "end"; failed: ReadonlyMap<PartitionKey, number> };

/** What the broker sets for a session, beside the settings that its client has asked for. */
interface SessionTerms {
  maxBufferBytes: number;
  /** How often what the client must not see is committed for it (protocol 3.10). Default 5 000. */
  autocommitMs?: number;
  nowMs: number;
}

export class SubscriptionSession {
  readonly #settings: StreamSettings;
  readonly #maxBufferBytes: number;
  readonly #autocommitMs: number;
  readonly #held: HeldPartitions;
  readonly #debugTexts = new DebugTexts();
  readonly #deadlines: Deadlines;
  #phase: "streaming" | "closing" | "ended" = "streaming";
  #outputs: SessionOutput[] = [];
  #sentEvents = 0;
  #autocommittedAtMs: number;
  #turn = 0;

  constructor(settings: StreamSettings, { maxBufferBytes, autocommitMs = 5_000, nowMs }: SessionTerms) {
    this.#settings = settings;
    this.#maxBufferBytes = maxBufferBytes;
    this.#autocommitMs = autocommitMs;
    this.#held = new HeldPartitions(nowMs);
    this.#deadlines = new Deadlines(settings, this.#held, nowMs);
    this.#autocommittedAtMs = nowMs;
  }

  get phase(): "streaming" | "closing" | "ended" {
    return this.#phase;
  }

  /** Partitions that are read, or whose commits are waited for. */
  get partitions(): ReadonlySet<PartitionKey> {
    return this.#held.keys;
  }

  get uncommitted(): number {
    return this.#held.uncommitted;
  }

  /** Partitions with uncommitted events, with the last ordinal that is committed. */
  get outstanding(): ReadonlyMap<PartitionKey, number> {
    return this.#held.outstanding;
  }

  /** Ordinal from which a partition is read on; `undefined` where it is not this stream's. */
  nextToRead(partition: PartitionKey): number | undefined {
    return this.#held.get(partition)?.nextToRead;
  }

  /** The group has given the partition to this stream. */
  assign(partition: PartitionKey, start: PartitionStart, nowMs: number): void {
    if (this.#phase !== "streaming") return;
    this.#held.add(partition, start, nowMs);
    this.#debugTexts.topologyChanged();
  }

  /** Whether other streams are about to hand partitions over to this one. */
  expect(handOver: boolean, nowMs: number): void {
    this.#held.expect(handOver, nowMs);
  }

  /** Another stream waits for the partition: nothing more of it is sent, and its commits are expected (protocol 3.6.5). */
  reassign(partition: PartitionKey, nowMs: number): void {
    const window = this.#held.get(partition);
    if (!window || window.leavingSinceMs !== undefined) return;
    window.leavingSinceMs = nowMs;
    window.dropBuffer();
  }

  /** The group has taken the reassignment back: the partition stays. */
  keep(partition: PartitionKey): void {
    const window = this.#held.get(partition);
    if (window) window.leavingSinceMs = undefined;
  }

  /** The partition belongs to another stream, or its event type is gone. */
  unassign(partition: PartitionKey, nowMs: number): void {
    this.#held.delete(partition, nowMs);
    this.#debugTexts.topologyChanged();
  }

  /**
   * Records that were read from where `wanted` said; `next` is where the following read begins. `hidden`: the ordinals
   * between them that the stream must not show.
   */
  received(
    partition: PartitionKey,
    from: number,
    { records, hidden = [], next }: { records: readonly StreamRecord[]; hidden?: readonly number[]; next: number },
  ): void {
    const window = this.#held.get(partition);
    if (window?.nextToRead === from && window.leavingSinceMs === undefined) window.received(records, hidden, next);
  }

  committed(partition: PartitionKey, mark: Mark, nowMs: number): void {
    const advanced = this.#held.get(partition)?.commit(mark) ?? 0;
    if (advanced === 0) return;
    this.#deadlines.eventsCommitted(advanced, nowMs);
  }

  /** Stops sending; the session ends when all sent events are committed, or at the commit timeout (protocol 3.8). */
  close(debug: string | undefined): void {
    if (this.#phase !== "streaming") return;
    if (debug !== undefined) this.#sendText(debug);
    this.#phase = "closing";
  }

  /** Ends at once, as at a failure: the client had no time to commit. */
  end(): void {
    this.#end(new Map());
  }

  /** Whether a commit timeout is reached as far as the session knows: its driver reads the commits before it goes on. */
  isCommitDue(nowMs: number): boolean {
    return this.#phase !== "ended" && this.#deadlines.isCommitDue(nowMs);
  }

  /** The reads that are due: none while the buffers are full or `max_uncommitted_events` is reached. */
  wanted(): Wanted[] {
    if (this.#phase !== "streaming" || (this.#allowed <= 0 && this.#settings.timespanMs === 0)) return [];
    return readAhead(this.#held, this.#settings, this.#maxBufferBytes - this.#held.bufferedBytes);
  }

  /**
   * Everything that is due at `nowMs`.
   * @param writable false while the client has not read what it was sent: no batch is added then
   */
  advance(nowMs: number, writable = true): SessionOutput[] {
    if (this.#phase === "streaming") this.#stream(nowMs, writable);
    if (this.#phase !== "ended") this.#releaseCommitted(nowMs);
    if (this.#phase === "closing" && (this.uncommitted === 0 || nowMs >= this.#deadlines.commitDueMs))
      this.#end(this.#held.outstanding);
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** When `advance` is due by time alone. */
  nextDueMs(writable = true): number {
    if (this.#phase === "ended") return Number.POSITIVE_INFINITY;
    if (this.#phase === "closing") return this.uncommitted > 0 ? this.#deadlines.commitDueMs : Number.POSITIVE_INFINITY;
    let due = this.#deadlines.dueMs;
    for (const window of this.#held.windows) {
      if (writable) due = Math.min(due, flushDueMs(window, this.#settings));
      if (window.hiddenUntil !== undefined) due = Math.min(due, this.#autocommittedAtMs + this.#autocommitMs);
    }
    return due;
  }

  get #allowed(): number {
    const { maxUncommitted, streamLimit } = this.#settings;
    return Math.min(maxUncommitted - this.uncommitted, Math.max(0, streamLimit - this.#sentEvents));
  }

  #stream(nowMs: number, writable: boolean): void {
    if (writable) this.#flush(nowMs, this.#deadlines.isTimeoutReached(nowMs));
    if (nowMs >= this.#autocommittedAtMs + this.#autocommitMs) this.#autocommitAll(nowMs);
    const ending = this.#deadlines.endingAt(nowMs);
    if (!ending) return;
    if (ending.closing) return this.close(ending.debug);
    if (ending.debug !== undefined) this.#sendText(ending.debug);
    this.#end(this.#held.outstanding);
  }

  /** Each partition sends up to its limits. The first one changes with each call, so that a busy one starves no other. */
  #flush(nowMs: number, ending: boolean): void {
    const entries = [...this.#held];
    for (let i = 0; i < entries.length; i += 1) {
      const entry = entries[(this.#turn + i) % entries.length];
      if (entry) this.#flushPartition(...entry, nowMs, ending);
    }
    this.#turn = entries.length > 0 ? (this.#turn + 1) % entries.length : 0;
    this.#shedMemory(nowMs);
  }

  #flushPartition(partition: PartitionKey, window: PartitionWindow, nowMs: number, ending: boolean): void {
    for (;;) {
      const count = flushNow(window, { settings: this.#settings, allowed: this.#allowed, nowMs, ending });
      if (count === undefined) return;
      if (count > 0 && window.search?.skipsNext()) this.#skip(partition, window, window.search.failedCommits);
      else this.#send(partition, window, count, nowMs);
      if (count === 0) return;
    }
  }

  /** A stream whose batches do not fill within its memory sends what is buffered (protocol 3.4). */
  #shedMemory(nowMs: number): void {
    while (this.#held.bufferedBytes >= this.#maxBufferBytes && this.#allowed > 0) {
      const shedding = [...this.#held].filter(([, { search }]) => !search?.searching);
      const [heaviest] = shedding.sort(([, a], [, b]) => b.buffer.bytes - a.buffer.bytes);
      if (!heaviest || heaviest[1].buffer.length === 0) return;
      const [partition, window] = heaviest;
      const count = Math.min(window.buffer.length, this.#allowed);
      this.#send(partition, window, count, nowMs, "Stream parameters are causing overflow");
    }
  }

  #send(partition: PartitionKey, window: PartitionWindow, count: number, nowMs: number, note?: string): void {
    if (count > 0) this.#deadlines.eventsSent(nowMs);
    const events = window.send(count);
    window.lastFlushMs = nowMs;
    window.keepAlives = events.length > 0 ? 0 : window.keepAlives + 1;
    this.#sentEvents += events.length;
    const debug = this.#debugTexts.next(window, this.#held, note);
    this.#outputs.push({ kind: "batch", partition, offset: window.sentText, events, debug });
  }

  /** A line without events; a stream without partitions has no cursor to write it with (protocol 3.7). */
  #sendText(debug: string): void {
    const [first] = this.#held;
    if (!first) return;
    const [partition, window] = first;
    this.#debugTexts.textSent();
    this.#outputs.push({ kind: "batch", partition, offset: window.sentText, events: [], debug });
  }

  #skip(partition: PartitionKey, window: PartitionWindow, failedCommits: number): void {
    const event = window.buffer.oldest;
    if (!event) return;
    const offset = window.textOf(event.ordinal);
    this.#outputs.push({ kind: "skip", partition, offset, event, failedCommits });
  }

  #autocommitAll(nowMs: number): void {
    this.#autocommittedAtMs = nowMs;
    for (const [partition, window] of this.#held) this.#autocommit(partition, window);
  }

  #autocommit(partition: PartitionKey, { hiddenUntil }: PartitionWindow): void {
    if (hiddenUntil !== undefined) this.#outputs.push({ kind: "autocommit", partition, to: hiddenUntil });
  }

  #releaseCommitted(nowMs: number): void {
    for (const [partition, window] of this.#held) {
      if (window.leavingSinceMs === undefined || window.uncommitted > 0) continue;
      this.#autocommit(partition, window);
      this.unassign(partition, nowMs);
      this.#outputs.push({ kind: "release", partition });
    }
  }

  #end(failed: ReadonlyMap<PartitionKey, number>): void {
    if (this.#phase === "ended") return;
    for (const [partition, window] of this.#held) this.#autocommit(partition, window);
    this.#phase = "ended";
    this.#outputs.push({ kind: "end", failed });
  }
}
