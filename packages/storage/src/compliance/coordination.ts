/**
 * Groups by compare-and-set, progress and its resets: one test for each rule. Random sequences are in fence.ts.
 */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Group, PartitionKey, Progress } from "../ports.ts";
import { at, NO_ONE, progressAt, session, topology, versionOf } from "./groups.ts";
import type { WithTwoNodes } from "./subject.ts";

export function coordinationCompliance(twoNodes: WithTwoNodes): void {
  describe("coordination", () => {
    it(
      "knows nothing of an unknown subscription",
      twoNodes(async ({ a, b }) => {
        for (const { coordination } of [a, b]) {
          expect(await coordination.group("sub")).toBeUndefined();
          expect(await coordination.progress("sub")).toEqual(new Map());
          expect(await coordination.commit("sub", "s", [{ partition: "e:0", at: at(1) }])).toEqual(["no-session"]);
          expect(await coordination.change("sub", 1, NO_ONE)).toBe("conflict");
          expect(await coordination.force("sub", 1, new Map())).toBe("conflict");
          await coordination.remove("sub");
        }
        expect(await a.coordination.group("sub")).toBeUndefined();
      }),
    );

    it(
      "shows a change on the other node, whole, and not what callers change later",
      twoNodes(async ({ a, b, clock }) => {
        const sessions = [{ ...session("s", "n"), requested: ["e:0" as PartitionKey] }];
        const next = {
          sessions,
          topology: [{ partition: "e:0" as PartitionKey, session: "s", next: "t" }],
          resetUntilMs: clock.wallMs(),
        };
        const expected = structuredClone(next);
        expect(await a.coordination.change("sub", 0, next)).toBe("changed");
        sessions.pop();
        const found = await b.coordination.group("sub");
        expect(found).toEqual({
          group: { ...expected, version: expect.any(Number) as number },
          alive: new Set(),
        });
        expect(found?.group.version).toBeGreaterThanOrEqual(1);
      }),
    );

    it(
      "lets one of many changes through",
      twoNodes(async ({ a, b }) => {
        for (let round = 0, version = 0; round < 5; round++) {
          const outcomes = await Promise.all(
            [a, b, a, b].map(({ coordination }, index) =>
              coordination.change("sub", version, { ...NO_ONE, resetUntilMs: round * 10 + index }),
            ),
          );
          expect(outcomes.filter((outcome) => outcome === "changed")).toHaveLength(1);
          const now = await b.coordination.group("sub");
          expect(now?.group.resetUntilMs).toBe(round * 10 + outcomes.indexOf("changed"));
          expect(now?.group.version).toBeGreaterThan(version);
          version = now?.group.version ?? 0;
        }
      }),
    );

    it(
      "sets initial progress only where there is none, and only with its change",
      twoNodes(async ({ a, b }) => {
        const initial = (...entries: [PartitionKey, number][]): Map<PartitionKey, Progress> =>
          new Map(entries.map(([key, number]) => [key, progressAt(number)]));
        expect(await a.coordination.change("sub", 7, NO_ONE, initial(["e:0", 1]))).toBe("conflict");
        expect(await b.coordination.progress("sub")).toEqual(new Map());
        await a.coordination.change("sub", 0, NO_ONE, initial(["e:0", 1]));
        const before = await b.coordination.progress("sub");
        await b.coordination.change(
          "sub",
          await versionOf(b.coordination, "sub"),
          NO_ONE,
          initial(["e:0", 5], ["e:1", -1]),
        );
        expect(before).toEqual(initial(["e:0", 1]));
        expect(await a.coordination.progress("sub")).toEqual(initial(["e:0", 1], ["e:1", -1]));
      }),
    );

    it(
      "forgets a removed subscription and none of its versions",
      twoNodes(async ({ a, b }) => {
        for (const subscription of ["sub", "other"]) {
          await a.coordination.change(subscription, 0, NO_ONE, new Map([["e:0", progressAt(3)]]));
        }
        await a.coordination.change("sub", await versionOf(a.coordination, "sub"), NO_ONE);
        const old = await versionOf(b.coordination, "sub");
        await b.coordination.remove("sub");
        await a.coordination.remove("sub");
        expect(await a.coordination.group("sub")).toBeUndefined();
        expect(await a.coordination.progress("sub")).toEqual(new Map());
        expect(await b.coordination.progress("other")).toEqual(new Map([["e:0", progressAt(3)]]));
        expect(await a.coordination.change("sub", old, NO_ONE)).toBe("conflict");
        await a.coordination.change("sub", 0, NO_ONE);
        expect(await versionOf(b.coordination, "sub")).toBeGreaterThan(old);
        expect(await b.coordination.progress("sub")).toEqual(new Map());
      }),
    );

    it(
      "forces progress backwards and with its counters, only at the version that was seen",
      twoNodes(async ({ a, b }) => {
        await a.coordination.change(
          "sub",
          0,
          NO_ONE,
          new Map([
            ["e:0", progressAt(9)],
            ["e:1", progressAt(9)],
          ]),
        );
        const version = await versionOf(b.coordination, "sub");
        const to = new Map([["e:0" as PartitionKey, progressAt(2, { failedCommits: 3, lastDeadLetter: at(8) })]]);
        expect(await b.coordination.force("sub", version + 1, to)).toBe("conflict");
        expect(await b.coordination.force("sub", version, to)).toBe("forced");
        expect(await a.coordination.progress("sub")).toEqual(new Map([...to, ["e:1", progressAt(9)]]));
        expect(await versionOf(a.coordination, "sub")).toBe(version);
        const before = new Map([["e:9" as PartitionKey, progressAt(1)]]);
        expect(await a.coordination.force("fresh", 0, before)).toBe("forced");
        expect(await b.coordination.group("fresh")).toBeUndefined();
        expect(await b.coordination.progress("fresh")).toEqual(before);
      }),
    );

    it(
      "forces nothing where progress is not what was read any more",
      twoNodes(async ({ a, b }) => {
        const read = new Map([["e:0" as PartitionKey, progressAt(1, { lastDeadLetter: at(4) })]]);
        await a.coordination.change("sub", 0, NO_ONE, read);
        const version = await versionOf(a.coordination, "sub");
        const to = new Map([
          ["e:0" as PartitionKey, progressAt(1, { failedCommits: 1 })],
          ["e:1" as PartitionKey, progressAt(0)],
        ]);
        const outdated: Progress[] = [
          progressAt(2),
          progressAt(1),
          progressAt(1, { lastDeadLetter: at(5) }),
          progressAt(1, { lastDeadLetter: at(4), failedCommits: 1 }),
        ];
        for (const each of outdated)
          expect(await b.coordination.force("sub", version, to, new Map([["e:0", each]]))).toBe("conflict");
        expect(await b.coordination.force("sub", version, to, new Map([...read, ["e:1", progressAt(0)]]))).toBe(
          "conflict",
        );
        expect(await b.coordination.progress("sub")).toEqual(read);
        expect(await b.coordination.force("sub", version, to, read)).toBe("forced");
        expect(await a.coordination.progress("sub")).toEqual(to);
      }),
    );

    it(
      "keeps subscriptions apart",
      twoNodes(async ({ a, b }) => {
        const node = randomUUID();
        await a.coordination.join(node, 60_000);
        const group: Omit<Group, "version"> = {
          ...NO_ONE,
          sessions: [session("s", node)],
          topology: topology({ "e:0": "s" }),
        };
        for (const subscription of ["sub", "sub:1", "su"]) await b.coordination.change(subscription, 0, group);
        expect(await b.coordination.commit("sub", "s", [{ partition: "e:0", at: at(1) }])).toEqual(["committed"]);
        for (const other of ["sub:1", "su"]) expect(await a.coordination.progress(other)).toEqual(new Map());
      }),
    );
  });
}
