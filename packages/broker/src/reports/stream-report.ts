/**
 * Reports what one stream has sent since the last report, by event type (protocol 6.9): at intervals while it sends, and at
 * its end.
 * @pure
 */
import type { Clock, Timer } from "nakadi-protocol";
import type { Streamed } from "./report-events.ts";

export class StreamReport {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #report: (eventType: string, streamed: Streamed) => void;
  readonly #sent = new Map<string, Streamed>();
  #timer: Timer | undefined;

  constructor(clock: Clock, intervalMs: number, report: (eventType: string, streamed: Streamed) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#report = report;
  }

  /** Counts one line; keep-alives, which have no events, are not counted. */
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

  /** Reports what was sent since the last report. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const [eventType, streamed] of this.#sent) this.#report(eventType, streamed);
    this.#sent.clear();
  }
}
