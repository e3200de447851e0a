/**
 * Who may have a connection: a bounded number at a time, the others in the order in which they came. Urgent ones go before the
 * others, and a part of the connections is for them alone: what others wait for never holds them up.
 * @pure
 */

interface Entry {
  readonly urgent: boolean;
  readonly begin: () => void;
}

/** One connection of so many is kept for urgent requests; none where there is a single one. */
const SHARE_OF_URGENT = 8;

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
    this.#limitOfOthers = limit === 1 ? 1 : limit - Math.ceil(limit / SHARE_OF_URGENT);
  }

  /**
   * @param begin called once there is a connection, perhaps before this returns; it must not throw
   * @returns what to call when the connection, or the place in the queue, is not needed any more; again does nothing
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

  /** A loop, and no call inside a call: each that begins may end at once, and there may be many of them. */
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
