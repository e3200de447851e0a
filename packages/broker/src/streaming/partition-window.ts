/**
 * One partition as one stream sees it: what is read and not sent, what is sent and not committed.
 * @pure
 */

/** An event on its way to a stream. */
export interface StreamRecord {
  /** Place on the partition's axis. */
  ordinal: number;
  timestampMs: number;
  value: Uint8Array;
}

/** A place and its offset text. */
export interface Mark {
  ordinal: number;
  text: string;
}

export class PartitionWindow {
  /** Last ordinal sent; at first the committed one. */
  sent: number;
  /** Last ordinal committed. */
  committed: number;
  /** The cursor that keep-alives show. */
  sentText: string;
  lastFlushMs: number;
  keepAlives = 0;
  /** End of the current span of event time; NaN before the first event. */
  spanEndMs: number = Number.NaN;
  /** When the partition became someone else's next; its events are no longer sent. */
  leavingSinceMs: number | undefined;
  bufferedBytes = 0;
  #buffer: StreamRecord[] = [];
  #head = 0;
  #nextToRead: number;

  readonly #textOf: (ordinal: number) => string;

  /** @param textOf the offset text of an event of this partition */
  constructor(committed: Mark, textOf: (ordinal: number) => string, nowMs: number) {
    this.#textOf = textOf;
    this.sent = committed.ordinal;
    this.committed = committed.ordinal;
    this.sentText = committed.text;
    this.lastFlushMs = nowMs;
    this.#nextToRead = committed.ordinal + 1;
  }

  get uncommitted(): number {
    return Math.max(0, this.sent - this.committed);
  }

  get buffered(): number {
    return this.#buffer.length - this.#head;
  }

  /** The ordinal from which the next read goes on. */
  get nextToRead(): number {
    return this.#nextToRead;
  }

  get oldestBuffered(): StreamRecord | undefined {
    return this.#buffer[this.#head];
  }

  get newestBuffered(): StreamRecord | undefined {
    return this.buffered > 0 ? this.#buffer.at(-1) : undefined;
  }

  /** Takes what was read from `nextToRead` on; `next` is where the following read begins. */
  received(records: readonly StreamRecord[], next: number): void {
    for (const record of records) {
      this.#buffer.push(record);
      this.bufferedBytes += record.value.length;
    }
    this.#nextToRead = next;
  }

  /** How many events at the head of the buffer are older than `beforeMs`. */
  countBefore(beforeMs: number): number {
    let count = 0;
    for (let at = this.#head; at < this.#buffer.length; at += 1) {
      if ((this.#buffer[at]?.timestampMs ?? 0) >= beforeMs) break;
      count += 1;
    }
    return count;
  }

  /** Takes events out of the buffer as sent. */
  send(count: number): StreamRecord[] {
    const events = this.#take(count);
    const last = events.at(-1);
    if (last) {
      this.sent = last.ordinal;
      this.sentText = this.#textOf(last.ordinal);
    }
    return events;
  }

  #take(count: number): StreamRecord[] {
    const taken = this.#buffer.slice(this.#head, this.#head + count);
    this.#head += taken.length;
    for (const { value } of taken) this.bufferedBytes -= value.length;
    if (this.#head > 1_000 && this.#head * 2 > this.#buffer.length) this.#compact();
    return taken;
  }

  /** A commit beyond what was sent makes the stream go on behind it (protocol 3.13). Says how far it moved on. */
  commit({ ordinal, text }: Mark): number {
    const advanced = ordinal - this.committed;
    if (advanced <= 0) return 0;
    this.committed = ordinal;
    if (ordinal > this.sent) this.#skipTo({ ordinal, text });
    return advanced;
  }

  /** Forgets what was read and not sent. */
  dropBuffer(): void {
    this.#buffer = [];
    this.#head = 0;
    this.bufferedBytes = 0;
    this.#nextToRead = this.sent + 1;
  }

  #skipTo({ ordinal, text }: Mark): void {
    this.sent = ordinal;
    this.sentText = text;
    while (this.oldestBuffered && this.oldestBuffered.ordinal <= ordinal) this.#take(1);
    this.#nextToRead = Math.max(this.#nextToRead, ordinal + 1);
  }

  #compact(): void {
    this.#buffer = this.#buffer.slice(this.#head);
    this.#head = 0;
  }
}
