/**
 * A snapshot that is written while the rows change, with the entries journaled during that, makes the rows again; and what of
 * it is damaged is said.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { folderForTest } from "../folder-for-test.ts";
import { frozenJson } from "../../in-process/frozen.ts";
import { Rows } from "../../in-process/rows.ts";
import type { RowEntry } from "../../in-process/rows.ts";
import { nodeFiles } from "../files.ts";
import { readSnapshot, writeSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

const durable = async (): Promise<void> => undefined;
const TABLES = ["a", "b", "c"];
const contents = (rows: Rows): unknown => TABLES.map((table) => rows.page(table, { limit: 10_000 }));

/** The rows of an engine that starts; what it writes is added to `entries`. */
function started(snapshot: Snapshot | undefined, entries: string[]): Rows {
  const rows = new Rows(async (entry) => void entries.push(JSON.stringify(entry)));
  if (snapshot) rows.restore(snapshot.version, snapshot.tables);
  for (const entry of entries.slice(snapshot?.position ?? 0)) rows.replay(JSON.parse(entry) as RowEntry);
  return rows;
}

const anyWrites = fc.array(
  fc.record({
    table: fc.constantFrom(...TABLES),
    id: fc.integer({ min: 0, max: 30 }).map(String),
    value: fc.option(fc.jsonValue({ maxDepth: 1 }).map(frozenJson), { nil: undefined }),
    turn: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe("a snapshot", () => {
  it("with the entries behind its position is the same rows, whatever is written during it, over several starts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyWrites, anyWrites), { minLength: 1, maxLength: 3 }), async (lives) => {
        const directory = await folderForTest("snapshot");
        const entries: string[] = [];
        for (const [before, during] of lives) {
          const rows = started(await readSnapshot(nodeFiles, directory), entries);
          const write = async ({ turn, ...change }: (typeof before)[number]): Promise<void> => {
            const written = rows.write([change]);
            if (turn) await new Promise((resolve) => void setImmediate(resolve));
            await written;
          };
          for (const each of before) await write(each);
          const snapshot = writeSnapshot(nodeFiles, directory, { rows, position: entries.length, durable });
          for (const each of during) await write(each);
          await snapshot;
          const again = started(await readSnapshot(nodeFiles, directory), entries);
          expect(contents(again)).toEqual(contents(rows));
          expect(again.version).toBe(rows.version);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("takes no row apart that is not asked for, and copies tables that are not used", async () => {
    const directory = await folderForTest("snapshot");
    const rows = started(undefined, []);
    for (let id = 0; id < 3_000; id++) await rows.write([{ table: "a", id: String(id), value: { id } }]);
    await writeSnapshot(nodeFiles, directory, { rows, position: 0, durable });
    const first = await readFile(join(directory, "snapshot"));
    const again = started(await readSnapshot(nodeFiles, directory), []);
    await writeSnapshot(nodeFiles, directory, { rows: again, position: 0, durable });
    expect((await readFile(join(directory, "snapshot"))).equals(first)).toBe(true);
    expect(again.get("a", "2999")?.value).toEqual({ id: 2999 });
  });

  it("becomes the snapshot only when what it has seen is durable", async () => {
    const directory = await folderForTest("snapshot");
    const rows = started(undefined, []);
    await rows.write([{ table: "a", id: "p", value: 1 }]);
    await writeSnapshot(nodeFiles, directory, { rows, position: 1, durable });
    await rows.write([{ table: "a", id: "p", value: 2 }]);
    const noDisk = (): Promise<void> => Promise.reject(new Error("no disk"));
    await expect(writeSnapshot(nodeFiles, directory, { rows, position: 1, durable: noDisk })).rejects.toThrow(
      "no disk",
    );
    expect(started(await readSnapshot(nodeFiles, directory), []).get("a", "p")?.value).toBe(1);
  });

  it("that is damaged anywhere says so, and keeps every other block", async () => {
    const directory = await folderForTest("snapshot");
    const rows = started(undefined, []);
    for (const table of TABLES)
      for (let id = 0; id < 10; id++) await rows.write([{ table, id: String(id), value: `${table} ${id}` }]);
    await writeSnapshot(nodeFiles, directory, { rows, position: 7, durable });
    const sound = await readFile(join(directory, "snapshot"));
    const before = await readSnapshot(nodeFiles, directory);
    expect([before?.position, before?.version, before?.damage]).toEqual([7, 30, []]);
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.length - 1), fc.boolean(), async (at, cut) => {
        const damaged = cut ? sound.subarray(0, at) : Buffer.from(sound);
        if (!cut) damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at);
        await writeFile(join(directory, "snapshot"), damaged);
        const snapshot = await readSnapshot(nodeFiles, directory);
        expect(snapshot?.damage).not.toEqual([]);
        const left = started(snapshot && { ...snapshot, position: 0 }, []);
        const found = TABLES.map((table) => left.page(table, { limit: 100 }));
        if (!cut) expect(found.filter((page) => page.length === 0).length).toBeLessThanOrEqual(1);
        for (const [index, page] of found.entries())
          for (const { id, value } of page) expect(value).toBe(`${TABLES[index]} ${id}`);
      }),
      { numRuns: 200 },
    );
  });
});
