/**
 * What one stream has sent since it last told (protocol 6.9): by event type, at intervals while there is something to
 * tell, and at its end.
 * @pure
 */
import type { Clock, Timer } from "nakadi-protocol";
import type { Streamed } from "./report-events.ts";

export class StreamReport {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #tell: (eventType: string, streamed: Streamed) => void;
  readonly #sent = new Map<string, Streamed>();
  #timer: Timer | undefined;

  constructor(clock: Clock, intervalMs: number, tell: (eventType: string, streamed: Streamed) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#tell = tell;
  }

  /** A line of so many events. Keep-alives count for nothing: a stream that waits has nothing to tell. */
  sent(eventType: string, events: number, bytes: number): void {
    if (events === 0) return;
    const so = this.#sent.get(eventType) ?? { number_of_events: 0, bytes_streamed: 0, batches_streamed: 0 };
    this.#sent.set(eventType, {
      number_of_events: so.number_of_events + events,
      bytes_streamed: so.bytes_streamed + bytes,
      batches_streamed: so.batches_streamed + 1,
    });
    this.#timer ??= this.#clock.schedule(this.#intervalMs, () => this.end());
  }

  /** Tells what there is, now. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const [eventType, streamed] of this.#sent) this.#tell(eventType, streamed);
    this.#sent.clear();
  }
}
