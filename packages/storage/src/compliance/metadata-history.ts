/**
 * Writes are all or nothing, and two nodes that interleave in any way see one history.
 */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MetadataPort, Versioned, Write } from "../ports.ts";
import type { WithTwoNodes } from "./subject.ts";

const IDS = ["p", "q", "r"];

const anyStep = fc.record({
  onA: fc.boolean(),
  writes: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...IDS),
      how: fc.constantFrom("absent", "any", "current", "stale", "remove", "remove stale"),
      value: fc.nat(9),
    }),
    { selector: ({ id }) => id, maxLength: 3 },
  ),
});

interface Seen {
  version: number;
  value: unknown;
}

export function metadataHistoryCompliance(twoNodes: WithTwoNodes): void {
  describe("metadata writes", () => {
    it(
      "happen as a whole, exactly where every expectation holds",
      twoNodes(async ({ a, b }) => {
        await fc.assert(
          fc.asyncProperty(fc.array(anyStep, { maxLength: 15 }), async (steps) => {
            const kind = randomUUID();
            const model = new Map<string, number>();
            for (const { onA, writes } of steps) {
              const metadata = onA ? a.metadata : b.metadata;
              const before = new Map<string, Versioned<number>>();
              for (const id of IDS) {
                const record = await metadata.get<number>(kind, id);
                if (record) before.set(id, record);
              }
              expect(new Map([...before].map(([id, { value }]) => [id, value]))).toEqual(model);
              const asked = writes.map(({ id, how, value }): Write => {
                const version = before.get(id)?.version ?? 0;
                if (how === "remove" || how === "remove stale")
                  return {
                    kind,
                    id,
                    expect: how === "remove" ? version : version + 1,
                    remove: true,
                  };
                return {
                  kind,
                  id,
                  value,
                  expect: how === "absent" || how === "any" ? how : how === "current" ? version : version + 1,
                };
              });
              const holds = writes.every(
                ({ id, how }) =>
                  how === "any" || (how === "absent" ? !before.has(id) : !how.endsWith("stale") && before.has(id)),
              );
              expect(await metadata.write(asked)).toBe(holds ? "written" : "conflict");
              if (!holds) continue;
              for (const { id, how, value } of writes) {
                if (how === "remove") model.delete(id);
                else model.set(id, value);
              }
            }
          }),
        );
      }),
    );

    it(
      "are linearizable under any interleaving of two nodes",
      twoNodes(async ({ a, b }) => {
        await fc.assert(
          fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, perNode) => {
            const kind = randomUUID();
            const wins = new Map<number, string>();
            /** All reads so far: none that begins later may see less. */
            const seen: Seen[] = [];
            const read = async (metadata: MetadataPort): Promise<Seen> => {
              const floor = Math.max(0, ...seen.map(({ version }) => version));
              const record = await metadata.get<string>(kind, "id");
              const found = { version: record?.version ?? 0, value: record?.value };
              expect(found.version).toBeGreaterThanOrEqual(floor);
              seen.push(found);
              return found;
            };
            const client = async (metadata: MetadataPort, name: string): Promise<void> => {
              for (let turn = 0; turn < 3; turn++) {
                const { version } = await read(metadata);
                await scheduler.schedule(Promise.resolve(), `${name} has read`);
                const value = `${name}.${turn}`;
                const outcome = await metadata.write([{ kind, id: "id", expect: version || "absent", value }]);
                if (outcome === "conflict") continue;
                expect(wins.has(version)).toBe(false);
                wins.set(version, value);
                await scheduler.schedule(Promise.resolve(), `${name} has written`);
                expect((await read(metadata)).version).toBeGreaterThan(version);
              }
            };
            const clients = [a, b].flatMap(({ metadata }, node) =>
              Array.from({ length: perNode }, (_, index) => client(metadata, `${node}.${index}`)),
            );
            await scheduler.waitFor(Promise.all(clients));
            const last = await read(b.metadata);
            const values = new Map(
              seen.filter(({ version }) => version > 0).map(({ version, value }) => [version, value]),
            );
            for (const { version, value } of seen) if (version > 0) expect(values.get(version)).toBe(value);
            expect([...wins.values()]).toContain(last.value);
            for (const [version] of wins) if (version > 0) expect([...wins.values()]).toContain(values.get(version));
          }),
          { numRuns: 50 },
        );
      }),
    );
  });
}
