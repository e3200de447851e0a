/**
 * One partition of one stream: the events that are read and not sent, and those that are sent and not committed.
 * @pure
 */
import type { DeadLetterRules } from "../../dead-letters/dead-letter-annotations.ts";
import { DeadLetterSearch, type FailureCount } from "../../dead-letters/dead-letter-search.ts";
import { RecordBuffer, type StreamRecord } from "../reading/record-buffer.ts";

/** A place and its offset text. */
export interface Mark {
  ordinal: number;
  text: string;
}

/** Where and how a stream begins with a partition. */
export interface PartitionStart {
  /** The committed position, or the one before the oldest event that is still there. */
  at: Mark;
  /** The offset text of an event of this partition. */
  textOf: (ordinal: number) => string;
  /** Events behind the committed position that have expired. */
  expired?: number;
  /** For a subscription that looks for dead letters. */
  deadLetters?: { rules: DeadLetterRules; count: FailureCount };
}

export class PartitionWindow {
  readonly textOf: (ordinal: number) => string;
  readonly buffer: RecordBuffer = new RecordBuffer();
  readonly search: DeadLetterSearch | undefined;
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
  /** When another stream began to wait for the partition; its events are no longer sent. */
  leavingSinceMs: number | undefined;
  readonly expired: number;
  #nextToRead: number;

  constructor({ at, textOf, expired = 0, deadLetters }: PartitionStart, nowMs: number) {
    this.textOf = textOf;
    this.search = deadLetters && new DeadLetterSearch(deadLetters.rules, deadLetters.count);
    this.sent = at.ordinal;
    this.committed = at.ordinal;
    this.sentText = at.text;
    this.lastFlushMs = nowMs;
    this.expired = expired;
    this.#nextToRead = at.ordinal + 1;
  }

  get uncommitted(): number {
    return Math.max(0, this.sent - this.committed);
  }

  /** The ordinal from which the next read goes on. */
  get nextToRead(): number {
    return this.#nextToRead;
  }

  /** Up to where hidden events can be committed; `undefined` while an event before them waits for its commit. */
  get hiddenUntil(): number | undefined {
    return this.uncommitted > 0 ? undefined : this.buffer.hiddenBehind(this.committed);
  }

  /** Takes what was read from `nextToRead` on; `next` is where the following read begins. */
  received(records: readonly StreamRecord[], hidden: readonly number[], next: number): void {
    this.buffer.append(records, hidden);
    this.#nextToRead = next;
  }

  /** Takes events out of the buffer as sent. */
  send(count: number): StreamRecord[] {
    const events = this.buffer.takeOldest(count);
    const last = events.at(-1);
    if (last) {
      this.sent = last.ordinal;
      this.sentText = this.textOf(last.ordinal);
    }
    return events;
  }

  /** A commit beyond the sent events makes the stream go on behind it (protocol 3.13). @returns the distance it moved on */
  commit({ ordinal, text }: Mark): number {
    const advanced = ordinal - this.committed;
    if (advanced <= 0) return 0;
    this.committed = ordinal;
    this.search?.committed(ordinal);
    if (ordinal > this.sent) this.#skipTo({ ordinal, text });
    return advanced;
  }

  /** Drops the events that are read and not sent. */
  dropBuffer(): void {
    this.buffer.clear();
    this.#nextToRead = this.sent + 1;
  }

  #skipTo({ ordinal, text }: Mark): void {
    this.sent = ordinal;
    this.sentText = text;
    while (this.buffer.oldest && this.buffer.oldest.ordinal <= ordinal) this.buffer.takeOldest(1);
    this.#nextToRead = Math.max(this.#nextToRead, ordinal + 1);
  }
}
