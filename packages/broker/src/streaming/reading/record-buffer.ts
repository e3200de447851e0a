/**
 * What is read of a partition and not sent yet.
 * @pure
 */

/** An event on its way to a stream. */
export interface StreamRecord {
  /** Place on the partition's axis. */
  ordinal: number;
  timestampMs: number;
  value: Uint8Array;
}

export class RecordBuffer {
  #records: StreamRecord[] = [];
  #head = 0;
  #bytes = 0;
  /** Ordinals of events that this stream must not show: of those between two events that it shows, the last one. */
  #hidden: number[] = [];

  get length(): number {
    return this.#records.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): StreamRecord | undefined {
    return this.#records[this.#head];
  }

  get newest(): StreamRecord | undefined {
    return this.length > 0 ? this.#records.at(-1) : undefined;
  }

  /** Both in the order of the log. */
  append(records: readonly StreamRecord[], hidden: readonly number[]): void {
    let at = 0;
    for (const record of records) {
      for (; (hidden[at] ?? record.ordinal) < record.ordinal; at += 1) this.#hide(hidden[at] ?? 0);
      this.#records.push(record);
      this.#bytes += record.value.length;
    }
    for (const ordinal of hidden.slice(at)) this.#hide(ordinal);
  }

  takeOldest(count: number): StreamRecord[] {
    const taken = this.#records.slice(this.#head, this.#head + count);
    this.#head += taken.length;
    for (const { value } of taken) this.#bytes -= value.length;
    // What was taken is let go of soon: never more events are held on to than still wait.
    if (this.#head * 2 >= this.#records.length) this.#compact();
    return taken;
  }

  /** How many events at the head are older than `beforeMs`. */
  countBefore(beforeMs: number): number {
    let count = 0;
    for (let at = this.#head; at < this.#records.length; at += 1) {
      if ((this.#records[at]?.timestampMs ?? 0) >= beforeMs) break;
      count += 1;
    }
    return count;
  }

  /** The last hidden event behind `ordinal` before which there is nothing to show. */
  hiddenBehind(ordinal: number): number | undefined {
    while ((this.#hidden[0] ?? Infinity) <= ordinal) this.#hidden.shift();
    const [first] = this.#hidden;
    return first !== undefined && first < (this.oldest?.ordinal ?? Infinity) ? first : undefined;
  }

  /** Forgets the events and everything behind the first of them. */
  clear(): void {
    const [first] = this.#hidden;
    this.#hidden = first !== undefined && first < (this.oldest?.ordinal ?? Infinity) ? [first] : [];
    this.#records = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #hide(ordinal: number): void {
    const last = this.#hidden.at(-1);
    const shown = this.newest?.ordinal ?? -Infinity;
    if (last !== undefined && last > shown) this.#hidden[this.#hidden.length - 1] = ordinal;
    else this.#hidden.push(ordinal);
  }

  #compact(): void {
    this.#records = this.#records.slice(this.#head);
    this.#head = 0;
  }
}
