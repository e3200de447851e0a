/**
 * One low-level stream of an event type, without clock, storage or socket (protocol 5.10).
 * @pure
 */
import type { PartitionKey } from "../storage/ports.ts";
import { type Mark, PartitionWindow, type StreamRecord } from "./partition-window.ts";
import type { StreamSettings } from "./parameters.ts";
import type { Wanted } from "./subscription-session.ts";

export interface EventTypeBatch {
  partition: PartitionKey;
  offset: string;
  /** Empty: a keep-alive. */
  events: readonly StreamRecord[];
}

/** Events that are read ahead for a partition at least. */
const READ_AHEAD = 100;

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

  add(partition: PartitionKey, from: Mark, textOf: (ordinal: number) => string, nowMs: number): void {
    this.#windows.set(partition, new PartitionWindow(from, textOf, nowMs));
  }

  /** The stream limit counts what is taken in, so what comes beyond it is left out. */
  received(partition: PartitionKey, from: number, records: readonly StreamRecord[], next: number): void {
    const window = this.#windows.get(partition);
    if (window?.nextToRead !== from) return;
    const taken = records.slice(0, Math.max(0, this.#settings.streamLimit - this.#takenEvents));
    this.#takenEvents += taken.length;
    if (taken.length > 0) window.keepAlives = 0;
    window.received(taken, next);
  }

  end(): void {
    this.#ended = true;
  }

  wanted(): Wanted[] {
    const bytes = this.#maxBufferBytes - this.#bufferedBytes;
    if (this.#ended || bytes <= 0 || this.#takenEvents >= this.#settings.streamLimit) return [];
    return [...this.#windows]
      .filter(([, { buffered }]) => buffered < this.#settings.batchLimit)
      .map(([partition, window]) => {
        const records = Math.max(READ_AHEAD, this.#settings.batchLimit - window.buffered);
        return { partition, from: window.nextToRead, bytes, records };
      });
  }

  advance(nowMs: number, writable = true): EventTypeBatch[] {
    if (this.#ended || !writable) return [];
    const { batchLimit, flushMs, streamLimit, timeoutMs, keepAliveLimit } = this.#settings;
    const batches: EventTypeBatch[] = [];
    const lastCall = this.#takenEvents >= streamLimit || nowMs >= this.#startedAtMs + timeoutMs;
    for (const [partition, window] of this.#windows) {
      while (window.buffered >= batchLimit) batches.push(this.#send(partition, window, nowMs));
      const due = nowMs - window.lastFlushMs >= flushMs;
      if (due || (lastCall && window.buffered > 0)) batches.push(this.#send(partition, window, nowMs));
    }
    while (this.#bufferedBytes >= this.#maxBufferBytes) batches.push(this.#shed(nowMs));
    const windows = [...this.#windows.values()];
    if (lastCall || windows.every(({ keepAlives }) => keepAlives >= keepAliveLimit)) this.#ended = true;
    return batches;
  }

  nextDueMs(writable = true): number {
    if (this.#ended || !writable) return Number.POSITIVE_INFINITY;
    const flushes = [...this.#windows.values()].map(({ lastFlushMs }) => lastFlushMs + this.#settings.flushMs);
    return Math.min(this.#startedAtMs + this.#settings.timeoutMs, ...flushes);
  }

  get #bufferedBytes(): number {
    let sum = 0;
    for (const { bufferedBytes } of this.#windows.values()) sum += bufferedBytes;
    return sum;
  }

  #send(partition: PartitionKey, window: PartitionWindow, nowMs: number): EventTypeBatch {
    const events = window.send(Math.min(window.buffered, this.#settings.batchLimit));
    window.lastFlushMs = nowMs;
    window.keepAlives = events.length > 0 ? 0 : window.keepAlives + 1;
    return { partition, offset: window.sentText, events };
  }

  /** The heaviest partition goes first when batches do not fill within the memory that the stream may use. */
  #shed(nowMs: number): EventTypeBatch {
    const [heaviest] = [...this.#windows].sort(([, a], [, b]) => b.bufferedBytes - a.bufferedBytes);
    if (!heaviest) throw new Error("A stream without partitions has nothing in memory.");
    return this.#send(...heaviest, nowMs);
  }
}
