/**
 * Slots for connections: a bounded number of requests has one, the others queue in their order. Urgent requests go first and have
 * reserved slots, so other requests never block them.
 * @pure
 */

interface Entry {
  readonly urgent: boolean;
  readonly begin: () => void;
}

/** One slot of eight is reserved for urgent requests; a single slot is shared. */
const SLOTS_PER_RESERVED = 8;

export class ConnectionSlots {
  readonly #limit: number;
  readonly #limitOfOthers: number;
  readonly #urgent = new Set<Entry>();
  readonly #others = new Set<Entry>();
  readonly #active = new Set<Entry>();
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
    const entry = { urgent, begin };
    (urgent ? this.#urgent : this.#others).add(entry);
    this.#fill();
    return () => this.#leave(entry);
  }

  #leave(entry: Entry): void {
    if (this.#active.delete(entry)) {
      if (!entry.urgent) this.#activeOthers -= 1;
    } else {
      this.#urgent.delete(entry);
      this.#others.delete(entry);
    }
    this.#fill();
  }

  /** A loop instead of recursion: each request may end while it begins, and thousands of them would exhaust the stack. */
  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    for (let next = this.#next(); next; next = this.#next()) {
      this.#urgent.delete(next);
      this.#others.delete(next);
      this.#active.add(next);
      if (!next.urgent) this.#activeOthers += 1;
      next.begin();
    }
    this.#filling = false;
  }

  #next(): Entry | undefined {
    if (this.#active.size >= this.#limit) return undefined;
    const [urgent] = this.#urgent;
    if (urgent || this.#activeOthers >= this.#limitOfOthers) return urgent;
    const [other] = this.#others;
    return other;
  }
}
