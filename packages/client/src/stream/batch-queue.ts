/**
 * The bounded queue of batches between socket and program. Concurrent calls of `next` are served in order.
 * @pure
 */
import { type Cursor, type LaneKey, laneKey } from "nakadi-protocol";
import type { Batch } from "./batch.ts";
import type { BatchSink } from "./batch-sink.ts";

interface Waiter<E> {
  resolve: (batch: Batch<E> | undefined) => void;
  reject: (reason: unknown) => void;
}

export interface QueueLimits {
  batches: number;
  bytes: number;
}

export interface QueueObserver<E> {
  /** There is room again. */
  drained: () => void;
  /** The program has taken the batch. */
  taken?: (batch: Batch<E>) => void;
  /** A keep-alive came while the queue is empty. */
  quiet?: (cursor: Cursor) => void;
}

export class BatchQueue<E> implements BatchSink<E> {
  readonly #limits: QueueLimits;
  readonly #observer: QueueObserver<E>;
  #batches: Batch<E>[] = [];
  #bytes = 0;
  readonly #waiters = new Set<Waiter<E>>();
  #finished: { error: unknown } | undefined;

  constructor(limits: QueueLimits, observer: QueueObserver<E>) {
    this.#limits = limits;
    this.#observer = observer;
  }

  /** Half empty: a paused socket resumes here, not after each batch that is taken. */
  get low(): boolean {
    return this.#batches.length * 2 <= this.#limits.batches && this.#bytes * 2 <= this.#limits.bytes;
  }

  /** Whether the program has taken every batch. */
  get empty(): boolean {
    return this.#batches.length === 0;
  }

  get full(): boolean {
    return this.#batches.length >= this.#limits.batches || this.#bytes >= this.#limits.bytes;
  }

  push(batch: Batch<E>): void {
    const [waiter] = this.#waiters;
    if (waiter) {
      this.#waiters.delete(waiter);
      this.#observer.taken?.(batch);
      waiter.resolve(batch);
      return;
    }
    this.#batches.push(batch);
    this.#bytes += batch.raw.length;
  }

  /** The next batch; `undefined` after the end. An abort takes no batch. */
  next(signal?: AbortSignal): Promise<Batch<E> | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#finished)
      return this.#finished.error === undefined ? Promise.resolve(undefined) : Promise.reject(this.#finished.error);
    const batch = this.#batches.shift();
    if (batch) {
      this.#bytes -= batch.raw.length;
      this.#observer.taken?.(batch);
      if (!this.full) this.#observer.drained();
      return Promise.resolve(batch);
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
      };
      const waiter: Waiter<E> = {
        resolve: (taken) => {
          signal?.removeEventListener("abort", abort);
          resolve(taken);
        },
        reject: (reason) => {
          signal?.removeEventListener("abort", abort);
          reject(reason);
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  keepAlive(cursor: Cursor): void {
    if (this.empty) this.#observer.quiet?.(cursor);
  }

  /** Drops every batch that was not taken, because its stream has ended (SPEC rule 1). */
  drop(): void {
    this.#batches = [];
    this.#bytes = 0;
  }

  /** Drops the batches of lanes that the server has taken away. */
  dropLanes(lanes: ReadonlySet<LaneKey>): void {
    this.#batches = this.#batches.filter(({ cursor }) => !lanes.has(laneKey(cursor)));
    this.#bytes = this.#batches.reduce((sum, { raw }) => sum + raw.length, 0);
    if (!this.full) this.#observer.drained();
  }

  /** Settles pending and later calls of `next`: with `undefined`, or with `error`. */
  finish(error: unknown): void {
    if (this.#finished) return;
    this.#finished = { error };
    this.drop();
    for (const waiter of this.#waiters) {
      if (error === undefined) waiter.resolve(undefined);
      else waiter.reject(error);
    }
    this.#waiters.clear();
  }
}
