/**
 * Counts and times of a consumer, for its report, health and metrics, and the size of its backlog (SPEC rule 7).
 * @pure
 */
import type { Clock } from "nakadi-protocol";
import type { Backlog } from "../reading/backlog.ts";
import type { ConsumerMetrics } from "./consumer-metrics.ts";
import type { ConsumerHealth } from "./health.ts";
import type { StopReport } from "./stop-report.ts";
import type { Work } from "../handling/work.ts";

type Counts = Omit<StopReport, "abandoned" | "drained">;
type Times = Pick<ConsumerHealth, "sinceReceivedMs" | "sinceDoneMs" | "sinceCommittedMs" | "uncommittedMs">;

export class Account {
  readonly #clock: Clock;
  readonly #backlog: Backlog;
  readonly #metrics: ConsumerMetrics;
  #counts: Counts = { batches: 0, events: 0, skipped: 0, deadLetters: 0, committed: 0 };
  #receivedAtMs: number | undefined;
  #doneAtMs: number | undefined;
  #committedAtMs: number | undefined;
  /** When the first batch was done after the last successful commit. */
  #uncommittedSinceMs: number | undefined;

  constructor(clock: Clock, backlog: Backlog, metrics: ConsumerMetrics) {
    this.#clock = clock;
    this.#backlog = backlog;
    this.#metrics = metrics;
  }

  get counts(): Counts {
    return this.#counts;
  }

  get times(): Times {
    const nowMs = this.#clock.monotonicMs();
    const since = (atMs: number | undefined): number | undefined => (atMs === undefined ? undefined : nowMs - atMs);
    return {
      sinceReceivedMs: since(this.#receivedAtMs),
      sinceDoneMs: since(this.#doneAtMs),
      sinceCommittedMs: since(this.#committedAtMs),
      uncommittedMs: since(this.#uncommittedSinceMs),
    };
  }

  received<E>({ batch }: Work<E>): void {
    this.#receivedAtMs = this.#clock.monotonicMs();
    this.#backlog.addBatch(batch.raw.length);
    this.#metrics.count("batchesReceived");
    this.#gauges();
  }

  /** The memory of the batch is free. */
  released<E>({ batch }: Work<E>): void {
    this.#backlog.removeBatch(batch.raw.length);
    this.#gauges();
  }

  done<E>({ events }: Work<E>): void {
    this.#doneAtMs = this.#clock.monotonicMs();
    this.#uncommittedSinceMs ??= this.#doneAtMs;
    const { batches, events: before } = this.#counts;
    this.#counts = { ...this.#counts, batches: batches + 1, events: before + events };
    this.#metrics.count("batchesDone");
    this.#metrics.count("eventsDone", events);
  }

  gaveUp(action: "skip" | "dead-letter", events: number): void {
    const name = action === "skip" ? "skipped" : "deadLetters";
    this.#counts = { ...this.#counts, [name]: this.#counts[name] + events };
    this.#metrics.count(action === "skip" ? "eventsSkipped" : "eventsDeadLettered", events);
  }

  committed(cursors: number, outdated: number): void {
    this.#uncommittedSinceMs = undefined;
    if (cursors > outdated) this.#committedAtMs = this.#clock.monotonicMs();
    this.#counts = { ...this.#counts, committed: this.#counts.committed + cursors - outdated };
    this.#metrics.count("cursorsCommitted", cursors - outdated);
    this.#metrics.count("cursorsOutdated", outdated);
  }

  #gauges(): void {
    this.#metrics.gauge("backlogBatches", this.#backlog.batches);
    this.#metrics.gauge("backlogBytes", this.#backlog.bytes);
  }
}
