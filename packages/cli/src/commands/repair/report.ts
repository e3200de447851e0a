/**
 * What a repair has found, as a person reads it.
 * @pure
 */
import type { RepairedPartition, RepairReport } from "nakadi-broker";
import { formatOffset } from "nakadi-protocol";
import { count } from "../../output/quantity.ts";
import { visible, visibleLine } from "../../output/visible.ts";

export function reportText(directory: string, report: RepairReport): string {
  switch (report.outcome) {
    case "healthy":
      return `${visible(directory)} is not damaged: ${count(report.events)} events, nothing to repair\n`;
    case "marked":
      return (
        `${visible(directory)} is not damaged: ${count(report.events)} events. ` +
        "Only the notes beside them were not right; they are now, and a broker can start\n"
      );
    case "rebuilt": {
      const { keptAt, partitions, homeless, records, positions, unusable } = report;
      const kept = partitions.reduce((sum, partition) => sum + partition.kept, 0);
      const losses = [
        ...missing(records, "event types, subscriptions and settings"),
        ...missing(positions, "committed positions: what was committed there comes again"),
        ...partitions.filter(({ kept }) => kept > 0).flatMap(lossesOf),
        ...emptied(partitions.filter(({ kept, lostEnd }) => kept === 0 && lostEnd)),
        ...(homeless > 0 ? [`${events(homeless)} whose event type is lost`] : []),
      ];
      const lines = [
        `${directory} was damaged. What can be read is in a new file now, and a broker can start.`,
        `  kept  ${events(kept)}; ${count(records.kept)} event types, subscriptions and settings; ` +
          `${count(positions.kept)} committed positions`,
        ...(losses.length === 0 ? ["  lost  nothing"] : losses.map((loss) => `  lost  ${loss}`)),
        ...unusable.map((name) => `  The storage of ${name} is lost: delete this event type, and create it again.`),
        `The damaged file is ${keptAt}: delete it when you need it no more.`,
      ];
      return `${lines.map(visibleLine).join("\n")}\n`;
    }
  }
}

/** Of what was counted; a number that nobody knows is no news, the ranges tell. */
function missing({ kept, of }: { kept: number; of: number | undefined }, what: string): string[] {
  if (of === undefined) return [`perhaps some of the ${what}`];
  return of > kept ? [`${count(of - kept)} of ${count(of)} ${what}`] : [];
}

function lossesOf({
  eventType = "an unknown event type",
  timeline = 1,
  partition,
  lostBetween,
  lostBefore,
  lostEnd,
}: RepairedPartition): string[] {
  const offset = (number: number): string => formatOffset({ order: timeline, number });
  const losses = [
    ...(lostBefore === undefined ? [] : [`perhaps what came before ${offset(lostBefore)}`]),
    ...(lostBetween > 0 ? [`${events(lostBetween)} between others`] : []),
    ...(lostEnd
      ? [`perhaps what came from ${offset(lostEnd.from)} on; new events go on at ${offset(lostEnd.next)}`]
      : []),
  ];
  return losses.map((loss) => `${eventType}, partition ${partition}: ${loss}`);
}

/** Most of them never had any event. */
function emptied(partitions: readonly RepairedPartition[]): string[] {
  if (partitions.length === 0) return [];
  const names = partitions.map(({ eventType = "unknown", partition }) => `${eventType} ${partition}`);
  return [`perhaps what was in ${count(partitions.length)} partitions that hold no event now: ${names.join(", ")}`];
}

function events(number: number): string {
  return number === 1 ? "1 event" : `${count(number)} events`;
}
