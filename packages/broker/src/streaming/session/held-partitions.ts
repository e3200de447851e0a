/**
 * The partitions that one stream holds, and whether it has reason to wait for more (protocol 3.6.5, 3.6.6).
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";
import { type PartitionStart, PartitionWindow } from "./partition-window.ts";

export class HeldPartitions {
  readonly #windows = new Map<PartitionKey, PartitionWindow>();
  #expecting = false;
  #idleSinceMs: number | undefined;

  constructor(nowMs: number) {
    this.#idleSinceMs = nowMs;
  }

  [Symbol.iterator](): Iterator<[PartitionKey, PartitionWindow]> {
    return this.#windows[Symbol.iterator]();
  }

  get keys(): ReadonlySet<PartitionKey> {
    return new Set(this.#windows.keys());
  }

  get windows(): PartitionWindow[] {
    return [...this.#windows.values()];
  }

  /** Since when there is nothing to read and nothing about to come. */
  get idleSinceMs(): number | undefined {
    return this.#idleSinceMs;
  }

  get uncommitted(): number {
    let sum = 0;
    for (const window of this.#windows.values()) sum += window.uncommitted;
    return sum;
  }

  get bufferedBytes(): number {
    let sum = 0;
    for (const { buffer } of this.#windows.values()) sum += buffer.bytes;
    return sum;
  }

  /** Those whose client has not committed what it was sent, with the last ordinal that is committed. */
  get outstanding(): Map<PartitionKey, number> {
    const found = new Map<PartitionKey, number>();
    for (const [partition, { uncommitted, committed }] of this.#windows)
      if (uncommitted > 0) found.set(partition, committed);
    return found;
  }

  get(partition: PartitionKey): PartitionWindow | undefined {
    return this.#windows.get(partition);
  }

  add(partition: PartitionKey, start: PartitionStart, nowMs: number): void {
    this.#windows.set(partition, new PartitionWindow(start, nowMs));
    this.#noteIdleness(nowMs);
  }

  delete(partition: PartitionKey, nowMs: number): void {
    this.#windows.delete(partition);
    this.#noteIdleness(nowMs);
  }

  /** Whether other streams are about to hand partitions over. */
  expect(handOver: boolean, nowMs: number): void {
    this.#expecting = handOver;
    this.#noteIdleness(nowMs);
  }

  #noteIdleness(nowMs: number): void {
    const idle = this.#windows.size === 0 && !this.#expecting;
    this.#idleSinceMs = idle ? (this.#idleSinceMs ?? nowMs) : undefined;
  }
}
