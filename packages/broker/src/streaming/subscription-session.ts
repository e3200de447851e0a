/**
 * One stream of a subscription, without clock, storage or socket: partitions, events and commits go in, lines come out
 * (protocol 3.4 to 3.9, A.4). Whoever drives it calls `advance` after each change and at `nextDueMs`.
 *
 * Phases: streaming → closing (silent; waits for the commits of what was sent) → ended.
 * @pure
 */
import type { PartitionKey } from "../storage/ports.ts";
import { flushNow } from "./flush.ts";
import { type Mark, PartitionWindow, type StreamRecord } from "./partition-window.ts";
import type { SessionSettings } from "./parameters.ts";

export interface Batch {
  kind: "batch";
  partition: PartitionKey;
  /** The offset that the batch's cursor shows. */
  offset: string;
  /** Empty: a keep-alive, or a line that only carries `debug`. */
  events: readonly StreamRecord[];
  debug: string | undefined;
}

export type SessionOutput = Batch | { kind: "release"; partition: PartitionKey } | { kind: "end" };

export interface Wanted {
  partition: PartitionKey;
  /** Ordinal to read from. */
  from: number;
  bytes: number;
  records: number;
}

/** Events that are read ahead for a partition at least, so that small batches do not each cost a read. */
const READ_AHEAD = 100;

export class SubscriptionSession {
  readonly #settings: SessionSettings;
  readonly #maxBufferBytes: number;
  readonly #startedAtMs: number;
  readonly #windows = new Map<PartitionKey, PartitionWindow>();
  #phase: "streaming" | "closing" | "ended" = "streaming";
  #outputs: SessionOutput[] = [];
  #saidStarted = false;
  #sentEvents = 0;
  #committedEvents = 0;
  /** The later of the last commit that moved on and the first send after everything was committed (protocol 3.9). */
  #commitReferenceMs: number;
  #expecting = false;
  #idleSinceMs: number | undefined;
  #turn = 0;

  constructor(settings: SessionSettings, { maxBufferBytes, nowMs }: { maxBufferBytes: number; nowMs: number }) {
    this.#settings = settings;
    this.#maxBufferBytes = maxBufferBytes;
    this.#startedAtMs = nowMs;
    this.#commitReferenceMs = nowMs;
    this.#idleSinceMs = nowMs;
  }

  get phase(): "streaming" | "closing" | "ended" {
    return this.#phase;
  }

  /** Partitions that are read, or whose commits are waited for. */
  get partitions(): ReadonlySet<PartitionKey> {
    return new Set(this.#windows.keys());
  }

  get uncommitted(): number {
    let sum = 0;
    for (const window of this.#windows.values()) sum += window.uncommitted;
    return sum;
  }

  /** The partition is this stream's from now on. */
  assign(partition: PartitionKey, committed: Mark, textOf: (ordinal: number) => string, nowMs: number): void {
    if (this.#phase !== "streaming") return;
    this.#windows.set(partition, new PartitionWindow(committed, textOf, nowMs));
    this.#noteIdleness(nowMs);
  }

  /** Whether other streams are about to hand partitions over to this one. */
  expect(handOver: boolean, nowMs: number): void {
    this.#expecting = handOver;
    this.#noteIdleness(nowMs);
  }

  /** Another stream waits for the partition: nothing more of it is sent, and its commits are expected (protocol 3.6.5). */
  reassign(partition: PartitionKey, nowMs: number): void {
    const window = this.#windows.get(partition);
    if (!window || window.leavingSinceMs !== undefined) return;
    window.leavingSinceMs = nowMs;
    window.dropBuffer();
  }

  /** The partition stays after all. */
  keep(partition: PartitionKey): void {
    const window = this.#windows.get(partition);
    if (window) window.leavingSinceMs = undefined;
  }

  /** The partition is gone. */
  unassign(partition: PartitionKey, nowMs: number): void {
    this.#windows.delete(partition);
    this.#noteIdleness(nowMs);
  }

  /** Records that were read from where `wanted` said; `next` is where the following read begins. */
  received(partition: PartitionKey, from: number, records: readonly StreamRecord[], next: number): void {
    const window = this.#windows.get(partition);
    if (window?.nextToRead === from && window.leavingSinceMs === undefined) window.received(records, next);
  }

  committed(partition: PartitionKey, mark: Mark, nowMs: number): void {
    const advanced = this.#windows.get(partition)?.commit(mark) ?? 0;
    if (advanced === 0) return;
    this.#committedEvents += advanced;
    this.#commitReferenceMs = nowMs;
  }

  /** Stops sending; ends as soon as everything sent is committed or the time for it is up (protocol 3.8). */
  close(debug: string | undefined): void {
    if (this.#phase !== "streaming") return;
    if (debug !== undefined) this.#say(debug);
    this.#phase = "closing";
  }

  /** Ends at once. */
  end(): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#outputs.push({ kind: "end" });
  }

  /** What is to be read now, nothing while enough is there or too much is uncommitted. */
  wanted(): Wanted[] {
    if (this.#phase !== "streaming" || (this.#allowed <= 0 && this.#settings.timespanMs === 0)) return [];
    const bytes = this.#maxBufferBytes - this.#bufferedBytes;
    if (bytes <= 0) return [];
    const { batchLimit, timespanMs } = this.#settings;
    const wanted: Wanted[] = [];
    for (const [partition, window] of this.#windows) {
      const enough = timespanMs === 0 && window.buffered >= batchLimit;
      if (enough || window.leavingSinceMs !== undefined) continue;
      const records = Math.max(READ_AHEAD, batchLimit - window.buffered);
      wanted.push({ partition, from: window.nextToRead, bytes, records });
    }
    return wanted;
  }

  /**
   * Everything that is due at `nowMs`.
   * @param writable false while the client does not take what it was sent: no batch is added then
   */
  advance(nowMs: number, writable = true): SessionOutput[] {
    if (this.#phase === "streaming") this.#stream(nowMs, writable);
    if (this.#phase !== "ended") this.#releaseCommitted(nowMs);
    if (this.#phase === "closing" && (this.uncommitted === 0 || nowMs >= this.#commitDueMs)) this.end();
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** When `advance` has something to do again though nothing else happens. */
  nextDueMs(writable = true): number {
    if (this.#phase === "ended") return Number.POSITIVE_INFINITY;
    let due = this.uncommitted > 0 ? this.#commitDueMs : Number.POSITIVE_INFINITY;
    if (this.#phase === "closing") return due;
    due = Math.min(due, this.#startedAtMs + this.#settings.timeoutMs, this.#idleDueMs);
    for (const { lastFlushMs, leavingSinceMs } of this.#windows.values()) {
      if (writable) due = Math.min(due, lastFlushMs + this.#settings.flushMs);
      if (leavingSinceMs !== undefined) due = Math.min(due, leavingSinceMs + this.#settings.commitTimeoutMs);
    }
    return due;
  }

  get #allowed(): number {
    const { maxUncommitted, streamLimit } = this.#settings;
    return Math.min(maxUncommitted - this.uncommitted, Math.max(0, streamLimit - this.#sentEvents));
  }

  get #bufferedBytes(): number {
    let sum = 0;
    for (const { bufferedBytes } of this.#windows.values()) sum += bufferedBytes;
    return sum;
  }

  get #commitDueMs(): number {
    return this.#commitReferenceMs + this.#settings.commitTimeoutMs;
  }

  get #idleDueMs(): number {
    return this.#idleSinceMs === undefined
      ? Number.POSITIVE_INFINITY
      : this.#idleSinceMs + 2 * this.#settings.commitTimeoutMs;
  }

  #noteIdleness(nowMs: number): void {
    const idle = this.#windows.size === 0 && !this.#expecting;
    this.#idleSinceMs = idle ? (this.#idleSinceMs ?? nowMs) : undefined;
  }

  #stream(nowMs: number, writable: boolean): void {
    const { streamLimit, keepAliveLimit, timeoutMs } = this.#settings;
    const timeIsUp = nowMs >= this.#startedAtMs + timeoutMs;
    if (writable) this.#flush(nowMs, timeIsUp);
    if (this.#committedEvents >= streamLimit) return this.close(`Stream limit in events reached: ${streamLimit}`);
    if (this.uncommitted > 0 && nowMs >= this.#commitDueMs) {
      this.#say("Commit timeout reached");
      return this.end();
    }
    if (timeIsUp) return this.close("Stream timeout reached");
    if (nowMs >= this.#idleDueMs) return this.end();
    const windows = [...this.#windows.values()];
    if (windows.length > 0 && windows.every(({ keepAlives }) => keepAlives >= keepAliveLimit))
      return this.close(undefined);
    if (windows.some((window) => this.#heldTooLong(window, nowMs))) this.close(undefined);
  }

  #heldTooLong({ leavingSinceMs, uncommitted }: PartitionWindow, nowMs: number): boolean {
    return leavingSinceMs !== undefined && uncommitted > 0 && nowMs >= leavingSinceMs + this.#settings.commitTimeoutMs;
  }

  /** Each partition sends as much as it may, each time beginning with the next one, so that a busy one starves no other. */
  #flush(nowMs: number, ending: boolean): void {
    const entries = [...this.#windows];
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
      this.#send(partition, window, count, nowMs);
      if (count === 0) return;
    }
  }

  /** A stream whose batches never fill within the memory it may use sends what it has (protocol 3.4). */
  #shedMemory(nowMs: number): void {
    while (this.#bufferedBytes >= this.#maxBufferBytes && this.#allowed > 0) {
      const [heaviest] = [...this.#windows].sort(([, a], [, b]) => b.bufferedBytes - a.bufferedBytes);
      if (!heaviest || heaviest[1].buffered === 0) return;
      const [partition, window] = heaviest;
      this.#send(
        partition,
        window,
        Math.min(window.buffered, this.#allowed),
        nowMs,
        "Stream parameters are causing overflow",
      );
    }
  }

  #send(partition: PartitionKey, window: PartitionWindow, count: number, nowMs: number, note?: string): void {
    if (count > 0 && this.uncommitted === 0) this.#commitReferenceMs = nowMs;
    const events = window.send(count);
    window.lastFlushMs = nowMs;
    window.keepAlives = events.length > 0 ? 0 : window.keepAlives + 1;
    this.#sentEvents += events.length;
    const started = this.#saidStarted ? [] : ["Stream started"];
    const debug = [...started, ...(note === undefined ? [] : [note])].join("; ") || undefined;
    this.#saidStarted = true;
    this.#outputs.push({ kind: "batch", partition, offset: window.sentText, events, debug });
  }

  /** A line without events; a stream without partitions has no cursor to write it with (protocol 3.7). */
  #say(debug: string): void {
    const [first] = this.#windows;
    if (!first) return;
    const [partition, window] = first;
    this.#saidStarted = true;
    this.#outputs.push({ kind: "batch", partition, offset: window.sentText, events: [], debug });
  }

  #releaseCommitted(nowMs: number): void {
    for (const [partition, window] of this.#windows) {
      if (window.leavingSinceMs === undefined || window.uncommitted > 0) continue;
      this.unassign(partition, nowMs);
      this.#outputs.push({ kind: "release", partition });
    }
  }
}
