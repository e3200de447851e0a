/**
 * Records with versions: what is read, listed, refused, and what a write changes or leaves.
 */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MetadataPort, Write } from "../ports.ts";
import type { WithTwoNodes } from "./subject.ts";

export function metadataCompliance(twoNodes: WithTwoNodes): void {
  describe("metadata", () => {
    it(
      "is written on one node and read on the other",
      twoNodes(async ({ a, b }) => {
        expect(await a.metadata.get("kind", "id")).toBeUndefined();
        expect(await a.metadata.write([put("kind", "id", "absent", { n: 1 })])).toBe("written");
        const record = await b.metadata.get("kind", "id");
        expect(record).toEqual({ value: { n: 1 }, version: expect.any(Number) as number });
        expect(record?.version).toBeGreaterThanOrEqual(1);
        expect(await b.metadata.get("other", "id")).toBeUndefined();
        expect(await a.metadata.list("other", { limit: 10 })).toEqual([]);
        expect(await a.metadata.list("kind", { limit: 10 })).toEqual([{ id: "id", ...record }]);
      }),
    );

    it(
      "holds any JSON and does not change through what callers keep",
      twoNodes(async ({ a, b }) => {
        await fc.assert(
          fc.asyncProperty(fc.jsonValue(), async (json) => {
            const id = randomUUID();
            const value = { json, list: [json] };
            const expected: unknown = JSON.parse(JSON.stringify(value));
            await a.metadata.write([put("kind", id, "any", value)]);
            value.list.push("changed by the writer");
            const read = await b.metadata.get<{ list: unknown[] }>("kind", id);
            expect(read?.value).toEqual(expected);
            try {
              read?.value.list.push("changed by a reader");
            } catch {
              // Frozen: as good.
            }
            expect((await a.metadata.get("kind", id))?.value).toEqual(expected);
          }),
        );
      }),
    );

    it(
      "refuses what JSON cannot hold, and a record that is written twice, and then writes nothing",
      twoNodes(async ({ a, b }) => {
        const round: { self?: unknown } = {};
        round.self = round;
        for (const value of [undefined, 1n, round, () => 1]) {
          await expect(
            a.metadata.write([put("kind", "good", "any", 1), put("kind", "bad", "any", value)]),
          ).rejects.toThrow(TypeError);
        }
        await expect(a.metadata.write([put("kind", "good", "any", 1), put("kind", "good", "any", 2)])).rejects.toThrow(
          RangeError,
        );
        expect(await b.metadata.list("kind", { limit: 10 })).toEqual([]);
      }),
    );

    it(
      "never uses a version of a record again",
      twoNodes(async ({ a, b }) => {
        const seen: number[] = [];
        for (const metadata of [a.metadata, b.metadata, a.metadata]) {
          expect(await metadata.write([put("kind", "id", "absent", 1)])).toBe("written");
          seen.push(await versionOf(metadata));
          expect(await metadata.write([put("kind", "id", "any", 2)])).toBe("written");
          const version = await versionOf(metadata);
          seen.push(version);
          expect(await metadata.write([{ kind: "kind", id: "id", expect: version, remove: true }])).toBe("written");
          expect(await metadata.get("kind", "id")).toBeUndefined();
        }
        expect(seen).toEqual([...new Set(seen)].sort((one, other) => one - other));
        for (const old of seen) expect(await a.metadata.write([put("kind", "id", old, 3)])).toBe("conflict");
      }),
    );

    it(
      "changes its revision with each write, and only then",
      twoNodes(async ({ a, b }) => {
        const seen = new Set<number>();
        const revision = async (): Promise<number> => {
          const now = await a.metadata.revision();
          expect(await b.metadata.revision()).toBe(now);
          seen.add(now);
          return now;
        };
        await revision();
        await a.metadata.write([put("kind", "id", "absent", 1)]);
        const created = await revision();
        expect(await b.metadata.write([put("kind", "id", "absent", 1)])).toBe("conflict");
        expect(await a.metadata.write([])).toBe("written");
        expect(await revision()).toBe(created);
        await b.metadata.write([put("kind", "id", "any", 1)]);
        await revision();
        await b.metadata.write([
          put("kind", "other", "any", 1),
          { kind: "kind", id: "id", expect: await versionOf(a.metadata), remove: true },
        ]);
        await revision();
        expect(seen.size).toBe(4);
      }),
    );

    it(
      "guards unique keys: of two records that want one, only one comes",
      twoNodes(async ({ a, b }) => {
        const outcomes = await Promise.all(
          [a, b, a, b].map(({ metadata }, index) =>
            metadata.write([put("sub", `s${index}`, "absent", index), put("sub-key", "same", "absent", `s${index}`)]),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === "written")).toHaveLength(1);
        const subs = await b.metadata.list<number>("sub", { limit: 10 });
        expect(subs.map(({ id }) => id)).toEqual([(await a.metadata.get("sub-key", "same"))?.value]);
      }),
    );

    it(
      "lists in portions of any size each record once, in order",
      twoNodes(async ({ a, b }) => {
        const anyId = fc.oneof(
          fc.string({ minLength: 1, maxLength: 6 }),
          fc.string({ minLength: 1, maxLength: 4, unit: "grapheme" }),
        );
        const anyIds = fc.uniqueArray(
          fc.record({ id: anyId, fate: fc.constantFrom("kept", "removed", "removed and back") }),
          { selector: ({ id }) => id, maxLength: 20 },
        );
        await fc.assert(
          fc.asyncProperty(anyIds, fc.integer({ min: 1, max: 7 }), async (ids, limit) => {
            const kind = randomUUID();
            for (const { id } of ids) await a.metadata.write([put(kind, id, "absent", { is: id })]);
            await a.metadata.list(kind, { limit });
            for (const { id, fate } of ids.filter((each) => each.fate !== "kept")) {
              const version = (await a.metadata.get(kind, id))?.version ?? NaN;
              await b.metadata.write([{ kind, id, expect: version, remove: true }]);
              if (fate === "removed and back") await a.metadata.write([put(kind, id, "absent", { is: id })]);
            }
            const left = ids
              .filter(({ fate }) => fate !== "removed")
              .map(({ id }) => id)
              .sort();
            const found: string[] = [];
            for (let page = await b.metadata.list<{ is: string }>(kind, { limit }); page.length > 0;) {
              expect(page.length).toBeLessThanOrEqual(limit);
              for (const { id, value } of page) expect(value).toEqual({ is: id });
              found.push(...page.map(({ id }) => id));
              page = await b.metadata.list(kind, { after: found.at(-1) ?? "", limit });
            }
            expect([...found].sort()).toEqual(left);
            const ascii = (id: string): boolean => /^[\x20-\x7e]*$/.test(id);
            expect(found.filter(ascii)).toEqual(left.filter(ascii));
            for (const id of ids
              .filter(({ fate }) => fate === "removed")
              .map((each) => each.id)
              .filter(ascii)) {
              const behind = await a.metadata.list(kind, { after: id, limit: 100 });
              expect(behind.map((each) => each.id).filter(ascii)).toEqual(
                left.filter((each) => ascii(each) && each > id),
              );
            }
          }),
        );
      }),
    );
  });
}

function put(kind: string, id: string, expected: number | "absent" | "any", value: unknown): Write {
  return { kind, id, expect: expected, value };
}

async function versionOf(metadata: MetadataPort): Promise<number> {
  return (await metadata.get("kind", "id"))?.version ?? NaN;
}
