import fc from "fast-check";
import { expect, it } from "vitest";
import { checkChaos, checkCrash } from "../src/checks/checkers.ts";
import type { Line } from "../src/history/line.ts";
import { planted } from "./planted-histories.ts";
import { renumbered } from "./planting.ts";
import { historyOf, steps } from "./run-model.ts";

const rulesOf = (history: readonly Line[]): string[] => [...new Set(checkChaos(history).map(({ rule }) => rule))];

it("a run without a fault has no violation", () => {
  fc.assert(
    fc.property(steps, (chosen) => {
      const history = historyOf(chosen);
      expect(checkChaos(history)).toEqual([]);
      expect(checkCrash(history)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it("a line that is not there is missed, whichever it is", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (chosen, chance) => {
      const history = historyOf(chosen);
      const without = history.toSpliced(chance % history.length, 1);
      expect(checkCrash(without)).toContainEqual(expect.objectContaining({ rule: "missing-line" }));
    }),
  );
});

it("a line that its process left out is missed where something hangs on it", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (chosen, chance) => {
      const history = historyOf(chosen);
      const needed = ["opening", "opened", "delivered", "handling", "handled", "committed", "published", "end"];
      const places = history.flatMap((line, index) => (needed.includes(line.kind) ? [index] : []));
      const gone = history[places[chance % places.length] ?? 0];
      const killed = new Set(history.flatMap((line) => (line.kind === "killed" ? [line.process] : [])));
      fc.pre(gone !== undefined && !(killed.has(gone.from) && ["handled", "committed"].includes(gone.kind)));
      // No rule needs a batch that was not handled, or one whose first event was delivered twice on its stream.
      fc.pre(
        gone?.kind !== "delivered" ||
          (history.some((line) => line.kind === "handling" && holdsFirstOf(line, gone)) &&
            !history.some((line) => line !== gone && line.kind === "delivered" && holdsFirstOf(line, gone))),
      );
      fc.pre(gone?.kind !== "opening" || history.some((line) => line.kind === "opened" && line.open === gone.open));
      fc.pre(
        gone?.kind !== "opened" || history.some((line) => line.kind === "delivered" && line.stream === gone.stream),
      );
      expect(checkChaos(renumbered(history.filter((line) => line !== gone)))).not.toEqual([]);
    }),
  );
});

it.each(planted)("%s: %s", (_what, rule, plant) => {
  let found = 0;
  fc.assert(
    fc.property(steps, fc.nat(), (chosen, chance) => {
      const history = plant(historyOf(chosen), chance);
      fc.pre(history !== undefined);
      found += 1;
      expect(rulesOf(history ?? [])).toContain(rule);
    }),
  );
  expect(found).toBeGreaterThan(0);
});

interface InLane {
  readonly stream: string;
  readonly lane: string;
  readonly ids: readonly string[];
}

function holdsFirstOf(line: InLane, { stream, lane, ids: [first = ""] }: InLane): boolean {
  return line.stream === stream && line.lane === lane && line.ids.includes(first);
}
