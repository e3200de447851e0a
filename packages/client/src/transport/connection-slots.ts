/**
 * Slots for connections: a bounded number of requests has one, the others queue in their order. Urgent requests go first and have
 * reserved slots, so other requests never block them.
 * @pure
 */

interface Entry {
  readonly urgent: boolean;
  readonly begin: () => void;
  state: "waiting" | "active" | "left";
}

/** One slot of eight is reserved for urgent requests; a single slot is shared. */
const SLOTS_PER_RESERVED = 8;

export class ConnectionSlots {
  readonly #limit: number;
  readonly #limitOfOthers: number;
  readonly #urgent = new Queue();
  readonly #others = new Queue();
  #active = 0;
  #activeOthers = 0;
  #filling = false;

  /** @param limit 1 or more */
  constructor(limit: number) {
    this.#limit = limit;
    this.#limitOfOthers = limit === 1 ? 1 : limit - Math.ceil(limit / SLOTS_PER_RESERVED);
  }

  /**
   * @param begin called once a slot is free, possibly before `enter` returns; it must not throw
   * @returns releases the slot or the place in the queue; idempotent
   */
  enter(urgent: boolean, begin: () => void): () => void {
    const entry: Entry = { urgent, begin, state: "waiting" };
    (urgent ? this.#urgent : this.#others).append(entry);
    this.#fill();
    return () => this.#leave(entry);
  }

  #leave(entry: Entry): void {
    const { state } = entry;
    entry.state = "left";
    if (state === "active") {
      this.#active -= 1;
      if (!entry.urgent) this.#activeOthers -= 1;
    } else if (state === "waiting") (entry.urgent ? this.#urgent : this.#others).entryLeft();
    this.#fill();
  }

  /** A loop instead of recursion: each request may end while it begins, and thousands of them would exhaust the stack. */
  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    for (let next = this.#next(); next; next = this.#next()) {
      next.state = "active";
      this.#active += 1;
      if (!next.urgent) this.#activeOthers += 1;
      next.begin();
    }
    this.#filling = false;
  }

  #next(): Entry | undefined {
    if (this.#active >= this.#limit) return undefined;
    const urgent = this.#urgent.takeFirst();
    if (urgent || this.#activeOthers >= this.#limitOfOthers) return urgent;
    return this.#others.takeFirst();
  }
}

/** First in, first out. The first entry of a `Set` is found by passing all deleted ones: 100,000 requests took 36 s. */
class Queue {
  #entries: Entry[] = [];
  #head = 0;
  #left = 0;

  append(entry: Entry): void {
    this.#entries.push(entry);
  }

  takeFirst(): Entry | undefined {
    while (this.#head < this.#entries.length) {
      const entry = this.#entries[this.#head++];
      const isWaiting = entry?.state === "waiting";
      if (!isWaiting) this.#left -= 1;
      this.#trim();
      if (isWaiting) return entry;
    }
    return undefined;
  }

  entryLeft(): void {
    this.#left += 1;
    this.#trim();
  }

  /** Copies the waiting entries once half of the array is unused, so that each entry costs a constant. */
  #trim(): void {
    if ((this.#head + this.#left) * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head).filter(({ state }) => state === "waiting");
    this.#head = 0;
    this.#left = 0;
  }
}
