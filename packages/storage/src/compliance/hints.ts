/**
 * Hints come to every node, after their change can be read, and a listener that also polls misses nothing.
 */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_ONE, progressAt } from "./groups.ts";
import { appendTo, KEEP, readAll, records, texts } from "./log-records.ts";
import { eventually } from "./subject.ts";
import type { WithTwoNodes } from "./subject.ts";

export function hintsCompliance(twoNodes: WithTwoNodes): void {
  describe("hints", () => {
    it(
      "tell both nodes of an append that can be read by then",
      twoNodes(async ({ a, b, clock }) => {
        await a.log.create("x", 2, KEEP);
        await a.log.create("other", 2, KEEP);
        const heard = new Set<string>();
        const looks: Promise<number>[] = [];
        for (const [name, { log }] of Object.entries({ a, b })) {
          for (const partition of [0, 1]) {
            log.onAppend("x", partition, () => {
              heard.add(`${name} ${partition}`);
              looks.push(readAll(log, "x", partition).then(({ frames }) => frames.length));
            });
            log.onAppend("other", partition, () => heard.add("other"));
          }
        }
        await eventually(clock, async () => {
          await appendTo(a.log, "x", 1, records("p"));
          return heard.has("a 1") && heard.has("b 1");
        });
        expect([...heard].sort()).toEqual(["a 1", "b 1"]);
        for (const found of await Promise.all(looks)) expect(found).toBeGreaterThan(0);
      }),
    );

    it(
      "tell both nodes of a write",
      twoNodes(async ({ a, b, clock }) => {
        const heard = new Set<string>();
        for (const [name, { metadata }] of Object.entries({ a, b })) {
          metadata.onWrite("kind", null, (id) => heard.add(`${name} all ${id}`));
          metadata.onWrite("kind", "q", (id) => heard.add(`${name} only ${id}`));
          metadata.onWrite("kind", "other", () => heard.add("another record"));
          metadata.onWrite("other", null, () => heard.add("another kind"));
          metadata.onWrite("other", "q", () => heard.add("another kind's record"));
        }
        await eventually(clock, async () => {
          await a.metadata.write([
            { kind: "kind", id: "p", expect: "any", value: 1 },
            { kind: "kind", id: "q", expect: "any", value: 1 },
          ]);
          return heard.size === 6;
        });
        expect([...heard].sort()).toEqual(["a all p", "a all q", "a only q", "b all p", "b all q", "b only q"]);
      }),
    );

    it(
      "send no hint for a record of which only the version changes",
      twoNodes(async ({ a, b, clock }) => {
        const record = { kind: "kind", id: "same", value: 1 };
        await b.metadata.write([{ ...record, expect: "absent" }]);
        const heard = new Set<string>();
        a.metadata.onWrite("kind", null, (id) => heard.add(id));
        const before = await a.metadata.get("kind", "same");
        const again = { ...record, expect: before?.version ?? 0, unchanged: true } as const;
        expect(await b.metadata.write([again])).toBe("written");
        expect(await b.metadata.write([again])).toBe("conflict");
        expect((await a.metadata.get("kind", "same"))?.version).toBeGreaterThan(before?.version ?? 0);
        await eventually(clock, async () => {
          await b.metadata.write([{ kind: "kind", id: "other", expect: "any", value: 1 }]);
          return heard.has("other");
        });
        expect([...heard]).toEqual(["other"]);
      }),
    );

    it(
      "tell both nodes of a group's change and of progress",
      twoNodes(async ({ a, b, clock }) => {
        const heard = new Set<string>();
        for (const [name, { coordination }] of Object.entries({ a, b })) {
          coordination.onChange("sub", (what, partitions) => {
            if (partitions?.includes("e:0") ?? true) heard.add(`${name} sub ${what}`);
          });
          coordination.onChange("other", (what) => heard.add(`${name} other ${what}`));
        }
        let version = 0;
        await eventually(clock, async () => {
          await a.coordination.change("sub", version, NO_ONE);
          version = (await a.coordination.group("sub"))?.group.version ?? 0;
          return heard.size === 2;
        });
        expect([...heard].sort()).toEqual(["a sub group", "b sub group"]);
        await eventually(clock, async () => {
          await b.coordination.force("sub", version, new Map([["e:0", progressAt(1)]]));
          return heard.size === 4;
        });
        expect([...heard].sort()).toEqual(["a sub group", "a sub progress", "b sub group", "b sub progress"]);
      }),
    );

    it(
      "end where they are no longer wanted",
      twoNodes(async ({ a, b, clock }) => {
        await a.log.create("x", 1, KEEP);
        let unwanted = 0;
        let wanted = 0;
        const listening = b.log.onAppend("x", 0, () => unwanted++);
        b.log.onAppend("x", 0, () => wanted++);
        const append = appendTo(a.log, "x", 0, records("p"));
        listening[Symbol.dispose]();
        listening[Symbol.dispose]();
        await append;
        await eventually(clock, async () => {
          await appendTo(a.log, "x", 0, records("p"));
          return wanted > 0;
        });
        expect(unwanted).toBe(0);
      }),
    );

    it(
      "let a listener that also polls read everything once",
      twoNodes.timed(async ({ a, b, clock }) => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.record({ onA: fc.boolean(), waitMs: fc.nat(400) }), { maxLength: 12 }),
            async (appends) => {
              const id = randomUUID();
              await a.log.create(id, 1, KEEP);
              const found: string[] = [];
              let from = 0;
              let reading = Promise.resolve();
              const look = (): void => {
                reading = reading.then(async () => {
                  const slice = await readAll(b.log, id, 0, from);
                  from = slice.next;
                  found.push(...texts(slice));
                });
              };
              const listening = b.log.onAppend(id, 0, look);
              for (const [index, { onA, waitMs }] of appends.entries()) {
                await appendTo((onA ? a : b).log, id, 0, records(`r${index}`));
                clock.advance(waitMs);
              }
              look();
              await reading;
              listening[Symbol.dispose]();
              expect(found).toEqual(appends.map((_, index) => `r${index}`));
            },
          ),
          { numRuns: 50 },
        );
      }),
    );
  });
}
