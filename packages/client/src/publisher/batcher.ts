/** Drives a SendQueue: sends the batches that are due, runs its timer and bounds the number and bytes of pending events. */
import type { Clock, Timer } from "nakadi-protocol";
import type { EventText } from "./event-text.ts";
import { type BatchLimits, type QueuedBatch, SendQueue } from "./send-queue.ts";
import type { PublishResult, Verdict } from "./verdict.ts";

export interface BatcherLimits extends BatchLimits {
  /** Accepted events without a verdict, at most. */
  maxPendingEvents: number;
  /** Bytes of such events, at most. */
  maxPendingBytes: number;
}

/** The verdict on one event, and the error behind it. */
export type Outcome = { verdict: Verdict; cause: PublishResult["cause"] };

export interface BatcherParts {
  clock: Clock;
  limits: BatcherLimits;
  /** Sends the events; resolves with one verdict per event. */
  deliver: (events: readonly EventText[]) => Promise<PublishResult>;
}

interface Item {
  readonly key: string | undefined;
  readonly event: EventText;
  readonly bytes: number;
  readonly request: Request;
}

/** A call of `send` without a verdict. */
interface Request {
  order: number;
  make: () => { event: EventText; key: string | undefined };
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}

export class Batcher {
  readonly #parts: BatcherParts;
  readonly #queue: SendQueue<Item>;
  /** Calls without a verdict, in their order. */
  readonly #unsettled = new Set<Request>();
  /** Calls beyond the bounds, in their order. */
  readonly #waiting = new Set<Request>();
  /** Each resolves when every earlier call has its verdict. */
  #flushes: { before: number; resolve: () => void }[] = [];
  #order = 0;
  /** Callers of `ready`. */
  #readyCallers: (() => void)[] = [];
  #pendingEvents = 0;
  #pendingBytes = 0;
  #timer: Timer | undefined;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
    this.#queue = new SendQueue(parts.limits);
  }

  /** @param make called when the bounds permit another event; an error that it throws rejects the call */
  send(make: Request["make"]): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const request = { order: this.#order++, make, resolve, reject };
      this.#unsettled.add(request);
      if (this.#waiting.size > 0 || !this.#hasRoom()) {
        this.#waiting.add(request);
        return;
      }
      this.#accept(request);
      // A running timer belongs to the oldest event; only a full batch is sent earlier.
      if (!this.#timer || this.#queue.full) this.#pump();
    });
  }

  /** Resolves at once while the bounds permit another event, else when half of them is free. */
  ready(): Promise<void> {
    if (this.#waiting.size === 0 && this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => void this.#readyCallers.push(resolve));
  }

  /** Sends all earlier events without linger; resolves when each has its verdict. */
  flush(): Promise<void> {
    if (this.#unsettled.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushes.push({ before: this.#order, resolve });
      this.#queue.flush();
      this.#pump();
    });
  }

  /** Ends every call that is not in flight with this outcome. */
  abandon(outcome: (event: EventText | undefined) => Outcome): void {
    const items = this.#queue.clear();
    for (const item of items) this.#settle(item, (request) => request.resolve(outcome(item.event)));
    for (const request of this.#waiting) {
      this.#unsettled.delete(request);
      request.resolve(outcome(undefined));
    }
    this.#waiting.clear();
    this.#afterSettling();
  }

  #accept(request: Request): void {
    try {
      const { event, key } = request.make();
      this.#pendingEvents += 1;
      this.#pendingBytes += event.bytes;
      this.#queue.add({ key, event, bytes: event.bytes, request }, this.#parts.clock.monotonicMs());
    } catch (error) {
      this.#unsettled.delete(request);
      request.reject(error);
    }
  }

  #pump(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (let batch = this.#queue.take(nowMs); batch; batch = this.#queue.take(nowMs)) void this.#deliver(batch);
    this.#timer?.cancel();
    const dueInMs = this.#queue.dueInMs(nowMs);
    this.#timer = dueInMs === undefined ? undefined : this.#parts.clock.schedule(dueInMs, () => this.#pump());
  }

  async #deliver(batch: QueuedBatch<Item>): Promise<void> {
    const { items } = batch;
    try {
      const { verdicts, cause } = await this.#parts.deliver(items.map(({ event }) => event));
      items.forEach((item, index) =>
        this.#settle(item, (request) => request.resolve({ verdict: verdicts[index] as Verdict, cause })),
      );
    } catch (error) {
      for (const item of items) this.#settle(item, (request) => request.reject(error));
    }
    this.#queue.settle(batch);
    this.#afterSettling();
  }

  #settle({ bytes, request }: Item, tell: (request: Request) => void): void {
    this.#pendingEvents -= 1;
    this.#pendingBytes -= bytes;
    this.#unsettled.delete(request);
    tell(request);
  }

  #afterSettling(): void {
    for (const request of this.#waiting) {
      if (!this.#hasRoom()) break;
      this.#waiting.delete(request);
      this.#accept(request);
    }
    if (this.#flushes.length > 0) this.#queue.flush();
    this.#pump();
    this.#endFlushes();
    if (this.#waiting.size === 0 && this.#hasMuchRoom()) for (const resolve of this.#readyCallers.splice(0)) resolve();
  }

  #endFlushes(): void {
    if (this.#flushes.length === 0) return;
    const [oldest] = this.#unsettled;
    const over = this.#flushes.filter(({ before }) => !oldest || oldest.order >= before);
    this.#flushes = this.#flushes.filter((flush) => !over.includes(flush));
    for (const { resolve } of over) resolve();
  }

  #hasRoom(): boolean {
    const { maxPendingEvents, maxPendingBytes } = this.#parts.limits;
    return this.#pendingEvents < maxPendingEvents && this.#pendingBytes < maxPendingBytes;
  }

  #hasMuchRoom(): boolean {
    const { maxPendingEvents, maxPendingBytes } = this.#parts.limits;
    return this.#pendingEvents * 2 <= maxPendingEvents && this.#pendingBytes * 2 <= maxPendingBytes;
  }
}
