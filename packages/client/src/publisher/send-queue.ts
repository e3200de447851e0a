/**
 * The queue of `send`: a batch is due by count, bytes or age. Several batches are in flight at once, but never two with events of
 * the same key, so that retries keep the order of each key.
 * @pure
 */
export interface BatchLimits {
  /** Events of a batch at most. */
  maxEvents: number;
  /** Bytes of a batch at most; a larger event is a batch of its own. */
  maxBytes: number;
  /** Milliseconds that an event waits for others to fill its batch. */
  lingerMs: number;
  /** Batches in flight at most. */
  maxInFlight: number;
}

export interface Queued {
  /** Events of one key keep their order; `undefined`: without an order. */
  readonly key: string | undefined;
  readonly bytes: number;
}

interface Entry<T> {
  item: T;
  atMs: number;
  order: number;
}

/** The queued events of one key. */
interface Lane<T> {
  entries: Entry<T>[];
  bytes: number;
  inFlight: boolean;
}

export interface QueuedBatch<T> {
  readonly items: readonly T[];
  readonly keys: ReadonlySet<string>;
}

/** A comma or bracket behind each event, and a bracket before the first. */
const PUNCTUATION_BYTES = 1;

export class SendQueue<T extends Queued> {
  readonly #limits: BatchLimits;
  readonly #lanes = new Map<string | undefined, Lane<T>>();
  /** Lanes with events that may be sent, the longest waiting first. */
  readonly #ready = new Map<string | undefined, Lane<T>>();
  #readyEvents = 0;
  #readyBytes = 0;
  #inFlight = 0;
  #order = 0;
  /** Events of a lower order are due at any age. */
  #flushedBefore = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  add(item: T, nowMs: number): void {
    const lane = this.#lanes.get(item.key) ?? { entries: [], bytes: 0, inFlight: false };
    this.#lanes.set(item.key, lane);
    const bytes = item.bytes + PUNCTUATION_BYTES;
    lane.entries.push({ item, atMs: nowMs, order: this.#order++ });
    lane.bytes += bytes;
    if (!this.#ready.has(item.key)) return this.#offer(item.key, lane);
    this.#readyEvents += 1;
    this.#readyBytes += bytes;
  }

  /** Makes all queued events due. */
  flush(): void {
    this.#flushedBefore = this.#order;
  }

  /** The next batch, if one is due and permitted. */
  take(nowMs: number): QueuedBatch<T> | undefined {
    return this.dueInMs(nowMs) === 0 ? this.#cut() : undefined;
  }

  /** Ends a batch in flight: events of its keys may be sent again. */
  settle({ keys }: QueuedBatch<T>): void {
    this.#inFlight -= 1;
    for (const key of keys) {
      const lane = this.#lanes.get(key);
      if (!lane) continue;
      lane.inFlight = false;
      this.#offer(key, lane);
    }
  }

  /** Whether the ready events fill a batch. */
  get full(): boolean {
    const { maxEvents, maxBytes } = this.#limits;
    return this.#readyEvents >= maxEvents || this.#readyBytes + PUNCTUATION_BYTES >= maxBytes;
  }

  /** Milliseconds until a batch is due; `undefined` if none becomes due by time alone. */
  dueInMs(nowMs: number): number | undefined {
    const { lingerMs, maxInFlight } = this.#limits;
    if (this.#inFlight >= maxInFlight || this.#readyEvents === 0) return undefined;
    if (this.full) return 0;
    // One look per lane; there are fewer ready events than a batch holds.
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const { entries } of this.#ready.values()) {
      const [head] = entries;
      if (head && head.order < this.#flushedBefore) return 0;
      oldestMs = Math.min(oldestMs, head?.atMs ?? oldestMs);
    }
    return Math.max(0, oldestMs + lingerMs - nowMs);
  }

  /** Removes and returns all queued events, in their order. */
  clear(): T[] {
    const waiting: Entry<T>[] = [];
    for (const [key, lane] of this.#lanes) {
      this.#withdraw(key, lane);
      waiting.push(...lane.entries.splice(0));
      lane.bytes = 0;
      this.#offer(key, lane);
    }
    return waiting.sort((a, b) => a.order - b.order).map(({ item }) => item);
  }

  #cut(): QueuedBatch<T> {
    const { maxEvents, maxBytes } = this.#limits;
    const items: T[] = [];
    const keys = new Set<string>();
    let bytes = PUNCTUATION_BYTES;
    for (const [key, lane] of this.#ready) {
      let taken = 0;
      for (const { item } of lane.entries) {
        const grown = bytes + item.bytes + PUNCTUATION_BYTES;
        if (items.length === maxEvents || (items.length > 0 && grown > maxBytes)) break;
        items.push(item);
        bytes = grown;
        taken += 1;
      }
      if (taken === 0) break;
      this.#withdraw(key, lane);
      for (const { item } of lane.entries.splice(0, taken)) lane.bytes -= item.bytes + PUNCTUATION_BYTES;
      if (key !== undefined) {
        keys.add(key);
        lane.inFlight = true;
      }
      const more = lane.entries.length > 0;
      this.#offer(key, lane);
      // The lane without a key is offered again at once; the loop would meet it a second time.
      if (items.length === maxEvents || (key === undefined && more)) break;
    }
    this.#inFlight += 1;
    return { items, keys };
  }

  /** Makes the lane ready, unless a batch with its key is in flight. */
  #offer(key: string | undefined, lane: Lane<T>): void {
    if (lane.inFlight) return;
    if (lane.entries.length === 0) {
      this.#lanes.delete(key);
      return;
    }
    this.#ready.set(key, lane);
    this.#readyEvents += lane.entries.length;
    this.#readyBytes += lane.bytes;
  }

  /** Makes the lane not ready. */
  #withdraw(key: string | undefined, lane: Lane<T>): void {
    if (!this.#ready.delete(key)) return;
    this.#readyEvents -= lane.entries.length;
    this.#readyBytes -= lane.bytes;
  }
}
