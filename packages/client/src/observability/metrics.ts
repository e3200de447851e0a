/**
 * The receiver of the client's metrics: two methods, so that an adapter for a metrics library takes a few lines. Default: silent.
 * @pure
 */
export type MetricLabels = Readonly<Record<string, string>>;

export interface Metrics {
  /** Adds `by` to a counter. */
  count(name: string, by: number, labels: MetricLabels): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels: MetricLabels): void;
}

export const silentMetrics: Metrics = { count: () => undefined, gauge: () => undefined };
