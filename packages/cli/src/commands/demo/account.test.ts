import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountOf, faultsOf } from "./account.ts";
import type { Committed, Handled, JournalEntry } from "./journal.ts";

const NOT_KILLED = { lag: 0, killedMs: Number.POSITIVE_INFINITY };

const offsetText = (n: number): string => `001-0001-${String(n).padStart(18, "0")}`;

function handled(stream: string, partition: number, from: number, count: number, atMs: number): Handled {
  const eids = Array.from({ length: count }, (_, index) => `${partition}/${from + index}`);
  return { kind: "handled", atMs, stream, partition: String(partition), offset: offsetText(from + count - 1), eids };
}

function committed({ stream, partition, offset, atMs }: Handled): Committed {
  return { kind: "committed", atMs: atMs + 0.5, stream, partition, offset };
}

/** Two consumers that handle everything once, in batches of the given sizes, in turn. */
function cleanRun(sizes: readonly number[]): { published: string[]; journals: [JournalEntry[], JournalEntry[]] } {
  const journals: [JournalEntry[], JournalEntry[]] = [[], []];
  const published: string[] = [];
  const next = [0, 0];
  sizes.forEach((size, index) => {
    const partition = index % 2;
    const entry = handled(`stream-${partition}`, partition, next[partition] ?? 0, size, index);
    next[partition] = (next[partition] ?? 0) + size;
    published.push(...entry.eids);
    journals[partition]?.push(entry, committed(entry));
  });
  return { published, journals };
}

const runs = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 30 }).map(cleanRun);

describe("the account", () => {
  it("is clean for a run in which nothing went wrong but a reconnect", () => {
    fc.assert(
      fc.property(runs, ({ published, journals }) => {
        const again = handled("stream-2", 1, 900, 1, 9_999);
        const account = accountOf([...published, ...again.eids], [journals[0], [...journals[1], again]], NOT_KILLED);
        expect(account).toEqual({
          published: published.length + 1,
          delivered: published.length + 1,
          distinct: published.length + 1,
          outOfOrder: 0,
          lost: 0,
          committedAgain: 0,
          reconnects: 1,
          reconnectsAfterKill: [0, 0],
          lag: 0,
        });
        expect(faultsOf({ ...account, reconnects: 3, reconnectsAfterKill: [1, 1] }, published.length + 1, 1)).toEqual(
          [],
        );
      }),
    );
  });

  it("counts what was handled and not committed, and came again, as delivered twice and nothing else", () => {
    const first = handled("a", 0, 0, 3, 1);
    const second = handled("b", 0, 0, 3, 2);
    const account = accountOf(first.eids, [[first], [second, committed(second)]], NOT_KILLED);
    expect(account).toMatchObject({ delivered: 6, distinct: 3, committedAgain: 0, outOfOrder: 0 });
  });

  it("finds events that were not handled", () => {
    fc.assert(
      fc.property(runs, fc.nat(), ({ published, journals }, pick) => {
        const [first] = journals;
        const victims = first.filter((entry) => entry.kind === "handled");
        const victim = victims[pick % victims.length];
        const without = first.filter((entry) => entry !== victim);
        expect(accountOf(published, [without, journals[1]], NOT_KILLED).lost).toBe(victim?.eids.length);
      }),
    );
  });

  it("finds events that came again after the server had taken their commit, on whichever stream", () => {
    fc.assert(
      fc.property(runs, fc.constantFrom("stream-0", "another"), ({ published, journals }, stream) => {
        const repeated = handled(stream, 0, 0, 1, 9_999);
        expect(accountOf(published, [journals[0], [...journals[1], repeated]], NOT_KILLED).committedAgain).toBe(1);
      }),
    );
  });

  it("counts what each consumer read from new streams after the kill, and not what went on", () => {
    const before = handled("a", 0, 0, 1, 1);
    const journals = [
      [before, handled("a", 0, 1, 1, 7), handled("b", 0, 2, 1, 8), handled("c", 0, 3, 1, 9)],
      [handled("d", 1, 0, 1, 2)],
    ];
    expect(accountOf([], journals, { lag: 0, killedMs: 5 })).toMatchObject({
      reconnects: 2,
      reconnectsAfterKill: [2, 0],
    });
  });

  it("finds batches that came before an earlier one of their stream and partition", () => {
    const entries = [handled("a", 0, 0, 2, 1), handled("a", 0, 4, 2, 2), handled("a", 0, 2, 2, 3)];
    expect(accountOf([], [entries], NOT_KILLED).outOfOrder).toBe(1);
    expect(
      accountOf([], [[handled("a", 0, 2, 2, 1), handled("a", 1, 0, 2, 2), handled("b", 0, 0, 2, 3)]], NOT_KILLED)
        .outOfOrder,
    ).toBe(0);
  });

  it.each([
    ["published less than there is", { published: 9, distinct: 9 }, 1],
    ["lost", { lost: 1 }, 1],
    ["distinct", { distinct: 9 }, 1],
    ["out of order", { outOfOrder: 1 }, 1],
    ["committed again", { committedAgain: 1 }, 1],
    ["lag", { lag: 1 }, 1],
    ["no reconnect but those after the kill", { reconnects: 2 }, 1],
    ["a consumer that the kill has silenced", { reconnectsAfterKill: [0, 2] }, 1],
    ["no open stream cut", {}, 0],
  ])("is not clean: %s", (_what, wrong, cutStreams) => {
    const clean = {
      published: 10,
      delivered: 10,
      distinct: 10,
      outOfOrder: 0,
      lost: 0,
      committedAgain: 0,
      reconnects: 3,
      reconnectsAfterKill: [1, 1],
      lag: 0,
    };
    expect(faultsOf({ ...clean, ...wrong }, 10, cutStreams)).toHaveLength(1);
  });
});
