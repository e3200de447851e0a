/**
 * What a person sees while the demo runs.
 * @pure
 */
export interface PartitionView {
  partition: string;
  /** The consumer's name, or nothing. */
  owner: string;
  lag: number;
}

export interface DemoView {
  total: number;
  published: number;
  /** Repetitions included: there are some after a kill, so it may be more than the total. */
  delivered: number;
  eventsPerSecond: number;
  partitions: readonly PartitionView[];
  strongest: { mag: number; place: string } | undefined;
  /** What happened, newest last. */
  news: readonly string[];
}

const BAR = 24;
const NEWS = 4;

/** Lines, none longer than `columns`. */
export function renderView(view: DemoView, columns: number): string[] {
  const { total, published, delivered, eventsPerSecond, partitions, strongest, news } = view;
  const lines = [
    "earthquake.observed",
    `  published ${bar(published, total)} of ${total.toLocaleString("en")}`,
    `  delivered ${bar(delivered, total)}  ${Math.round(eventsPerSecond)} events/s`,
    "",
    "  partition  owner       lag",
    ...partitions.map(({ partition, owner, lag }) => `  ${partition.padEnd(9)}  ${(owner || "–").padEnd(10)}  ${lag}`),
    "",
    strongest ? `  strongest so far: ${strongest.mag.toFixed(1)} ${strongest.place}` : "",
    ...news.slice(-NEWS).map((text) => `  ${text}`),
  ];
  return lines.map((line) => (line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line));
}

function bar(value: number, total: number): string {
  const full = total === 0 ? 0 : Math.min(BAR, Math.floor((value / total) * BAR));
  return `${"█".repeat(full)}${"░".repeat(BAR - full)} ${value.toLocaleString("en")}`;
}
