/** How a history without a fault is changed so that it breaks a rule. */
import { formatOffset } from "nakadi-protocol";
import type { Line } from "../src/history/line.ts";

/** As if the lines had been written so. */
export function renumbered(history: readonly Line[]): Line[] {
  const counts = new Map<string, number>();
  return history.map((line, index) => {
    const n = (counts.get(line.from) ?? 0) + 1;
    counts.set(line.from, n);
    return { ...line, seq: index + 1, n };
  });
}

export const at = (number: number): string => formatOffset({ order: 1, number });
export type Planted = (history: Line[], chance: number) => Line[] | undefined;

/** Changes one line of a kind, chosen by chance. */
export function change<K extends Line["kind"]>(
  kind: K,
  fits: (line: Extract<Line, { kind: K }>, history: readonly Line[]) => boolean,
  to: (line: Extract<Line, { kind: K }>) => readonly Omit<Line, "seq" | "n">[],
): Planted {
  return (history, chance) => {
    const fitting = history.filter(
      (line): line is Extract<Line, { kind: K }> =>
        line.kind === kind && fits(line as Extract<Line, { kind: K }>, history),
    );
    const chosen = fitting[chance % fitting.length];
    return chosen && renumbered(history.flatMap((line) => (line === chosen ? (to(chosen) as Line[]) : [line])));
  };
}

export const wasTold = (ids: readonly string[], status: string, history: readonly Line[]): boolean =>
  history.some(
    (line) =>
      line.kind === "published" &&
      line.attempt === 1 &&
      line.verdicts === status &&
      history.some(
        (one) => one.kind === "publishing" && one.call === line.call && one.attempt === 1 && one.ids[0] === ids[0],
      ),
  );
export const wasOf = (lane: string, commit: string, history: readonly Line[]): boolean =>
  history.some((line) => line.kind === "committing" && line.commit === commit && line.cursors[0]?.lane === lane);
export const calledOnce = (ids: readonly string[], history: readonly Line[]): boolean =>
  history.filter((line) => line.kind === "publishing" && line.ids[0] === ids[0]).length === 1;
