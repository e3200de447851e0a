/** How events go to standard output: one line each for programs, coloured and indented for people. */
import type { Cursor } from "nakadi-client";
import type { Output } from "../../context.ts";
import { type ExactJson, exactText, parseExact } from "../../json/exact-json.ts";
import { NOTHING } from "../../output/cell.ts";
import { type Paint, prettyJson } from "../../output/pretty-json.ts";
import { visible, visibleData, visibleLine, visibleWord } from "../../output/visible.ts";
import type { Colours } from "../../terminal/colours.ts";

export const EVENT_FORMATS = ["pretty", "table", "wide", "json", "ndjson", "yaml"] as const;
export type EventFormat = (typeof EVENT_FORMATS)[number];

export type EventPosition = Pick<Cursor, "event_type" | "partition" | "offset">;

interface PrintedEvent {
  position: EventPosition;
  /** As the server stored it. */
  text: string;
  /** `undefined` where the text is not JSON. */
  event: unknown;
}

/** The text for one event, with a line break at its end. */
export type EventPrinter = (printed: PrintedEvent) => string;

export interface PrinterOptions {
  colours: Colours;
  /** Where a person watches: `table` keeps to its width, and nothing in an event steers it. */
  terminal: Pick<Output, "columns"> | undefined;
  /** What to show of an event; all of it, as the server stored it, where it is left out. */
  project: ((event: ExactJson) => ExactJson) | undefined;
  /** Whether programs get the position too. */
  withPosition: boolean;
}

export async function printerFor(
  format: EventFormat,
  { colours, terminal, project, withPosition }: PrinterOptions,
): Promise<EventPrinter> {
  const safe = terminal ? visibleData : (data: string): string => data;
  const shown = ({ text, event }: PrintedEvent): string => {
    // What is not JSON may have any character; escapes of JSON mean nothing in it.
    if (event === undefined) return terminal ? visibleLine(text) : text;
    return safe(project ? exactText(project(parseExact(text))) : text);
  };
  const forPrograms = (one: PrintedEvent): string =>
    withPosition ? `{"position":${safe(JSON.stringify(one.position))},"event":${shown(one)}}` : shown(one);
  switch (format) {
    case "ndjson":
      return (one) => `${forPrograms(one)}\n`;
    case "json":
      return (one) => `${prettyJson(forPrograms(one))}\n`;
    case "yaml": {
      const { yamlText, visibleYaml } = await import("../../output/yaml-text.ts");
      const written = terminal ? visibleYaml : yamlText;
      const read = (one: PrintedEvent): unknown => (one.event === undefined ? one.text : parseExact(forPrograms(one)));
      return (one) => `---\n${written(read(one))}`;
    }
    case "pretty": {
      const paint: Paint = { name: colours.cyan, string: colours.green, other: colours.yellow };
      return (one) => `${heading(one, colours)}\n${prettyJson(shown(one), paint)}\n`;
    }
    default: {
      const width = format === "wide" ? undefined : terminal?.columns;
      return (one) => `${fitted(row(one, shown(one), format === "wide"), width)}\n`;
    }
  }
}

function heading({ position: { event_type, partition, offset }, event }: PrintedEvent, colours: Colours): string {
  return colours.dim(visible(["──", `${event_type}/${partition}:${offset}`, ...occurredAt(event)].join(" ")));
}

function row(
  { position: { event_type, partition, offset }, event }: PrintedEvent,
  shown: string,
  wide: boolean,
): string {
  const [time = NOTHING] = occurredAt(event);
  const place = [...(wide ? [event_type] : []), `${partition}:${offset}`, time];
  return [...place.map(visibleWord), shown].join("  ");
}

function fitted(line: string, columns: number | undefined): string {
  return columns !== undefined && line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
}

function occurredAt(event: unknown): string[] {
  const at = (event as { metadata?: { occurred_at?: unknown } | null } | null)?.metadata?.occurred_at;
  return typeof at === "string" ? [at] : [];
}
