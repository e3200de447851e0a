/**
 * What a check of a data directory has found, as a person reads it.
 * @pure
 */
import type { DirectoryReport, LostEvents } from "nakadi-broker";
import { formatOffset } from "nakadi-protocol";
import { count } from "../../output/quantity.ts";
import { visible, visibleLine } from "../../output/visible.ts";

export function verifyText(directory: string, report: DirectoryReport): string {
  if (report.healthy) return healthy(directory, report);
  return lines(`${directory} is damaged. "nakadi repair ${directory}" saves what can be read.`, report);
}

export function repairText(directory: string, report: DirectoryReport): string {
  if (report.healthy) return healthy(directory, report);
  return lines(`${directory} was damaged. A broker can start now; damaged files are in ${directory}/damaged.`, report);
}

function healthy(directory: string, { events, eventTypes }: DirectoryReport): string {
  return `${visible(directory)} is not damaged: ${found(events, eventTypes)}\n`;
}

function lines(first: string, { events, eventTypes, lost, snapshot, journal, unknownLogs, unusable }: DirectoryReport) {
  const losses = [
    ...lost.map(lossOf),
    ...snapshot.map((part) => `snapshot, ${part}: event types, subscriptions or positions`),
    ...journal.map(({ from, to }) => `journal, bytes ${from} to ${to}: what was written last`),
    ...(unknownLogs > 0 ? [`the event types of ${count(unknownLogs)} logs`] : []),
  ];
  const all = [
    first,
    `  kept  ${found(events, eventTypes)}`,
    ...losses.map((loss) => `  lost  ${loss}`),
    ...unusable.map((name) => `  The events of ${name} are lost: delete this event type, and create it again.`),
  ];
  return `${all.map(visibleLine).join("\n")}\n`;
}

function found(events: number, eventTypes: number): string {
  return `${plural(events, "event")} of ${plural(eventTypes, "event type")}`;
}

function lossOf({ eventType = "an unknown event type", timeline = 1, partition, from, to }: LostEvents): string {
  const offset = (number: number): string => formatOffset({ order: timeline, number });
  const range = from === to ? offset(from) : `${offset(from)} to ${offset(to)}`;
  return `${eventType}, partition ${partition}: ${range}`;
}

function plural(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${count(number)} ${what}s`;
}
