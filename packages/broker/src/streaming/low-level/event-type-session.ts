/**
 * One low-level stream of an event type, without clock, storage or socket (protocol 5.10).
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";
import { flushDueMs } from "../session/flush.ts";
import { type PartitionStart, PartitionWindow } from "../session/partition-window.ts";
import type { StreamSettings } from "../stream-parameters.ts";
import { readAhead, type Wanted } from "../reading/read-ahead.ts";
import type { StreamRecord } from "../reading/record-buffer.ts";

export interface EventTypeBatch {
  partition: PartitionKey;
  offset: string;
  /** Empty: a keep-alive. */
  events: readonly StreamRecord[];
}

export class EventTypeSession {
  readonly #settings: StreamSettings;
  readonly #maxBufferBytes: number;
  readonly #startedAtMs: number;
  readonly #windows = new Map<PartitionKey, PartitionWindow>();
  #takenEvents = 0;
  #ended = false;

  constructor(settings: StreamSettings, { maxBufferBytes, nowMs }: { maxBufferBytes: number; nowMs: number }) {
    this.#settings = settings;
    this.#maxBufferBytes = maxBufferBytes;
    this.#startedAtMs = nowMs;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The first flush timeout begins with the stream: one that is due at the stream timeout is sent before the end. */
  addPartition(partition: PartitionKey, start: PartitionStart): void {
    this.#windows.set(partition, new PartitionWindow(start, this.#startedAtMs));
  }

  /** The stream limit counts the events that are buffered; those beyond it are dropped. */
  received(
    partition: PartitionKey,
    from: number,
    { records, next }: { records: readonly StreamRecord[]; next: number },
  ): void {
    const window = this.#windows.get(partition);
    if (window?.nextToRead !== from) return;
    const taken = records.slice(0, Math.max(0, this.#settings.streamLimit - this.#takenEvents));
    this.#takenEvents += taken.length;
    if (taken.length > 0) window.keepAlives = 0;
    window.received(taken, [], next);
  }

  end(): void {
    this.#ended = true;
  }

  wanted(): Wanted[] {
    if (this.#ended || this.#takenEvents >= this.#settings.streamLimit) return [];
    return readAhead(this.#windows, this.#settings, this.#maxBufferBytes - this.#bufferedBytes);
  }

  /** @param writable false while the client has not read what it was sent: no batch is sent then, also at the end */
  advance(nowMs: number, writable = true): EventTypeBatch[] {
    if (this.#ended) return [];
    const { batchLimit, streamLimit, keepAliveLimit } = this.#settings;
    const timeIsUp = nowMs >= this.#timeoutAtMs;
    if (!writable) {
      this.#ended = timeIsUp;
      return [];
    }
    const batches: EventTypeBatch[] = [];
    const lastCall = this.#takenEvents >= streamLimit || timeIsUp;
    for (const [partition, window] of this.#windows) {
      while (window.buffer.length >= batchLimit) batches.push(this.#send(partition, window, nowMs));
      const due = nowMs >= flushDueMs(window, this.#settings);
      if (due || (lastCall && window.buffer.length > 0)) batches.push(this.#send(partition, window, nowMs));
    }
    while (this.#bufferedBytes >= this.#maxBufferBytes) batches.push(this.#shed(nowMs));
    const windows = [...this.#windows.values()];
    if (lastCall || windows.every(({ keepAlives }) => keepAlives >= keepAliveLimit)) this.#ended = true;
    return batches;
  }

  nextDueMs(writable = true): number {
    if (this.#ended) return Number.POSITIVE_INFINITY;
    if (!writable) return this.#timeoutAtMs;
    const flushes = [...this.#windows.values()].map((window) => flushDueMs(window, this.#settings));
    return Math.min(this.#timeoutAtMs, ...flushes);
  }

  get #timeoutAtMs(): number {
    return this.#startedAtMs + this.#settings.timeoutMs;
  }

  get #bufferedBytes(): number {
    let sum = 0;
    for (const { buffer } of this.#windows.values()) sum += buffer.bytes;
    return sum;
  }

  #send(partition: PartitionKey, window: PartitionWindow, nowMs: number): EventTypeBatch {
    const events = window.send(Math.min(window.buffer.length, this.#settings.batchLimit));
    window.lastFlushMs = nowMs;
    window.keepAlives = events.length > 0 ? 0 : window.keepAlives + 1;
    return { partition, offset: window.sentText, events };
  }

  /** Sends the partition with the most bytes when batches do not fill within the stream's memory. */
  #shed(nowMs: number): EventTypeBatch {
    const [heaviest] = [...this.#windows].sort(([, a], [, b]) => b.buffer.bytes - a.buffer.bytes);
    if (!heaviest) throw new Error("A stream without partitions has nothing in memory.");
    return this.#send(...heaviest, nowMs);
  }
}
