/**
 * The metrics of a consumer, each with the label `subscription`. An error of the metrics library is logged and ignored.
 * @pure
 */
import type { Logger } from "../../observability/logger.ts";
import type { Metrics } from "../../observability/metrics.ts";

export const CONSUMER_COUNTERS = {
  batchesReceived: "nakadi.consumer.batches.received",
  batchesDone: "nakadi.consumer.batches.done",
  eventsDone: "nakadi.consumer.events.done",
  eventsSkipped: "nakadi.consumer.events.skipped",
  eventsDeadLettered: "nakadi.consumer.events.dead_lettered",
  eventsLost: "nakadi.consumer.events.lost",
  handlerFailures: "nakadi.consumer.handler.failures",
  retries: "nakadi.consumer.retries",
  sessionsLost: "nakadi.consumer.sessions.lost",
  lanesLost: "nakadi.consumer.lanes.lost",
  cursorsCommitted: "nakadi.consumer.cursors.committed",
  cursorsOutdated: "nakadi.consumer.cursors.outdated",
  commitsOverdue: "nakadi.consumer.commits.overdue",
} as const;

export const CONSUMER_GAUGES = {
  backlogBatches: "nakadi.consumer.backlog.batches",
  backlogBytes: "nakadi.consumer.backlog.bytes",
  sessionsWithoutProgress: "nakadi.consumer.sessions.without_progress",
} as const;

export class ConsumerMetrics {
  readonly #metrics: Metrics;
  readonly #labels: { subscription: string };
  readonly #logger: Logger;

  constructor(metrics: Metrics, subscription: string, logger: Logger) {
    this.#metrics = metrics;
    this.#labels = { subscription };
    this.#logger = logger;
  }

  count(name: keyof typeof CONSUMER_COUNTERS, by = 1): void {
    if (by > 0) this.#report(() => this.#metrics.count(CONSUMER_COUNTERS[name], by, this.#labels));
  }

  gauge(name: keyof typeof CONSUMER_GAUGES, value: number): void {
    this.#report(() => this.#metrics.gauge(CONSUMER_GAUGES[name], value, this.#labels));
  }

  #report(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#logger.error({ error }, "a metrics call failed");
    }
  }
}
