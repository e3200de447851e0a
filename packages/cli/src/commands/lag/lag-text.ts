/** What `nakadi lag` prints. */
import type { Subscription } from "nakadi-client";
import { countCell, durationCell, rateCell } from "../../output/cell.ts";
import { type Format, render } from "../../output/format.ts";
import type { Column } from "../../output/table.ts";
import { sparkline } from "../../output/sparkline.ts";
import { visible } from "../../output/visible.ts";
import type { PartitionLag, TotalLag } from "./measure.ts";

export interface LagView {
  subscription: Subscription;
  partitions: readonly PartitionLag[];
  total: TotalLag;
  /** Unconsumed events, oldest first. */
  history: readonly (number | undefined)[];
  /** The same of each partition, by `laneName`. */
  histories: ReadonlyMap<string, readonly (number | undefined)[]>;
}

const TREND = 12;

export function laneName({ eventType, partition }: { eventType: string; partition: string }): string {
  return `${eventType}/${partition}`;
}

/**
 * A line for each partition, or one for each subscription.
 * @param width characters in a line that a person sees; `undefined` for programs, which get what there is
 * @param trend whether to show how it went so far, in lines that are redrawn
 */
export async function lagText(
  views: readonly LagView[],
  detailed: boolean,
  format: Format,
  width: number | undefined,
  trend = false,
): Promise<string> {
  const text = detailed
    ? await byPartition(views, format, width, trend)
    : await bySubscription(views, format, width, trend);
  if (width === undefined || !(trend || format === "table")) return text;
  const fitting = (line: string): string => (line.length > width ? `${line.slice(0, width - 1)}…` : line);
  return text.split("\n").map(fitting).join("\n");
}

const SUBSCRIPTION_COLUMNS: readonly Column<LagView>[] = [
  { title: "SUBSCRIPTION", cell: ({ subscription }) => subscription.id },
  { title: "APPLICATION", cell: ({ subscription }) => subscription.owning_application, cut: 2 },
  { title: "GROUP", cell: ({ subscription }) => subscription.consumer_group, wide: true },
  { title: "EVENT-TYPES", cell: ({ subscription }) => subscription.event_types.join(","), cut: 1, leaveOut: 1 },
  { title: "UNCONSUMED", cell: ({ total }) => countCell(total.unconsumed), align: "right" },
  { title: "TIME-LAG", cell: ({ total }) => durationCell(total.timeLagSeconds), align: "right" },
  { title: "EVENTS/S", cell: ({ total }) => rateCell(total.rate), align: "right", leaveOut: 3 },
  { title: "CATCH-UP", cell: ({ total }) => durationCell(total.catchUpSeconds), align: "right", leaveOut: 2 },
  { title: "STREAMS", cell: ({ total }) => `${total.streams}/${total.partitions}`, align: "right" },
];

/** How fast it goes is what is watched: names are left out first. */
const WATCHED_LEFT_OUT = ["EVENT-TYPES", "APPLICATION", "STREAMS", "TREND"];

/** Numbers before names, as in a list whose numbers change. */
const WATCHED_SUBSCRIPTION_COLUMNS: readonly Column<LagView>[] = [
  ...SUBSCRIPTION_COLUMNS.filter(({ title }) => title === "SUBSCRIPTION"),
  ...SUBSCRIPTION_COLUMNS.filter(({ align }) => align === "right"),
  { title: "TREND", cell: ({ history }: LagView) => sparkline(history, TREND) },
  ...SUBSCRIPTION_COLUMNS.filter(({ title, align }) => title !== "SUBSCRIPTION" && align !== "right"),
].map(({ leaveOut: _other, ...column }): Column<LagView> => {
  const at = WATCHED_LEFT_OUT.indexOf(column.title);
  return at === -1 ? column : { ...column, leaveOut: at };
});

function bySubscription(
  views: readonly LagView[],
  format: Format,
  width: number | undefined,
  trend: boolean,
): Promise<string> {
  const columns = trend ? WATCHED_SUBSCRIPTION_COLUMNS : SUBSCRIPTION_COLUMNS;
  const asData = ({ subscription, total }: LagView): object => ({
    subscription: subscription.id,
    owning_application: subscription.owning_application,
    consumer_group: subscription.consumer_group,
    event_types: subscription.event_types,
    ...numbers(total),
    streams: total.streams,
    partitions: total.partitions,
  });
  return render(views, columns, format, asData, width);
}

type Row = { history: readonly (number | undefined)[] } & (
  | { kind: "partition"; lag: PartitionLag }
  | { kind: "total"; lag: TotalLag }
);

const PARTITION_COLUMNS: readonly Column<Row>[] = [
  { title: "EVENT-TYPE", cell: (row) => (row.kind === "total" ? "total" : row.lag.eventType), cut: 2 },
  { title: "PARTITION", cell: (row) => (row.kind === "total" ? "" : row.lag.partition), align: "right" },
  { title: "UNCONSUMED", cell: ({ lag }) => countCell(lag.unconsumed), align: "right" },
  { title: "TIME-LAG", cell: ({ lag }) => durationCell(lag.timeLagSeconds), align: "right" },
  { title: "EVENTS/S", cell: ({ lag }) => rateCell(lag.rate), align: "right" },
  { title: "CATCH-UP", cell: ({ lag }) => durationCell(lag.catchUpSeconds), align: "right" },
  { title: "STATE", cell: (row) => (row.kind === "total" ? "" : row.lag.state), wide: true },
  {
    title: "OWNER",
    cell: (row) => (row.kind === "total" ? `streams:${row.lag.streams}` : row.lag.streamId),
    cut: 1,
  },
];

/** Its course before the owner, which is left out of a narrow line. */
const WATCHED_COLUMNS: readonly Column<Row>[] = [
  ...PARTITION_COLUMNS.slice(0, -1),
  { title: "TREND", cell: ({ history }) => sparkline(history, TREND) },
  ...PARTITION_COLUMNS.slice(-1).map((owner) => ({ ...owner, leaveOut: 1 })),
];

async function byPartition(
  views: readonly LagView[],
  format: Format,
  width: number | undefined,
  trend: boolean,
): Promise<string> {
  if (format !== "table" && format !== "wide") {
    const rows = views.flatMap((view) => view.partitions.map((lag) => ({ view, lag })));
    return render(rows, [], format, ({ view, lag }) => ({
      subscription: view.subscription.id,
      event_type: lag.eventType,
      partition: lag.partition,
      state: lag.state,
      stream_id: lag.streamId || null,
      ...numbers(lag),
    }));
  }
  const tables = views.map(async (view) => {
    const { subscription, partitions, total, history, histories } = view;
    const lags = partitions.map((lag): Row => ({
      kind: "partition",
      lag,
      history: histories.get(laneName(lag)) ?? [],
    }));
    const rows: Row[] = [...lags, { kind: "total", lag: total, history }];
    const table = await render(rows, trend ? WATCHED_COLUMNS : PARTITION_COLUMNS, format, (row) => row, width);
    const { id, owning_application, consumer_group } = subscription;
    return `${visible(`${id}  ${owning_application} / ${consumer_group}`)}\n${table}`;
  });
  return (await Promise.all(tables)).join("\n");
}

function numbers({ unconsumed, timeLagSeconds, rate: perSecond, catchUpSeconds }: PartitionLag | TotalLag): object {
  return {
    unconsumed_events: unconsumed ?? null,
    time_lag_seconds: timeLagSeconds ?? null,
    events_per_second: perSecond ?? null,
    catch_up_seconds: catchUpSeconds ?? null,
  };
}
