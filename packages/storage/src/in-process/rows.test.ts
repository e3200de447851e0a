/**
 * Rows over a journal that a test holds: the ports keep the contract whenever it becomes durable, no reader sees what a crash
 * would take back, and the journaled entries alone make the rows again.
 */
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { storageCompliance } from "../compliance/suite.ts";
import { MemoryEngine } from "../memory/engine.ts";
import { StorageFailedError } from "../storage-errors.ts";
import { frozenJson } from "./frozen.ts";
import { Rows } from "./rows.ts";
import type { RowEntry } from "./rows.ts";

/** Keeps entries as a disk would, and makes them durable in order on demand. */
class HeldJournal {
  readonly durable: string[] = [];
  #held: { text: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #failed = false;

  readonly write = (entry: RowEntry): Promise<void> => {
    if (this.#failed) throw new StorageFailedError("no disk", false);
    return new Promise((resolve, reject) => void this.#held.push({ text: JSON.stringify(entry), resolve, reject }));
  };

  flush(count = Infinity): void {
    for (const { text, resolve } of this.#held.splice(0, count)) {
      this.durable.push(text);
      resolve();
    }
  }

  fail(): void {
    this.#failed = true;
    for (const { reject } of this.#held.splice(0)) reject(new StorageFailedError("no disk", true));
  }

  isDurable(version: number): boolean {
    return this.durable.some((text) => (JSON.parse(text) as RowEntry)[0] === version);
  }

  /** The rows of an engine that starts after a crash. */
  replayed(): Rows {
    const rows = new Rows();
    for (const text of this.durable) rows.replay(JSON.parse(text) as RowEntry);
    return rows;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

storageCompliance({
  name: "rows over a journal that is durable later",
  open: async () => {
    const clock = new ManualClock();
    const journal = new HeldJournal();
    const rows = new Rows((entry) => {
      setImmediate(() => journal.flush());
      return journal.write(entry);
    });
    const engine = new MemoryEngine({ clock, rows });
    return { node: (name, nodeClock) => engine.node(name, nodeClock), clock, close: async () => undefined };
  },
});

const TABLES = ["a", "b"];
const IDS = ["p", "q", "r"];
const anyChange = fc.record({
  table: fc.constantFrom(...TABLES),
  id: fc.constantFrom(...IDS),
  value: fc.option(fc.jsonValue({ maxDepth: 1 }), { nil: undefined }),
});
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      turn: fc.boolean(),
      write: fc.uniqueArray(anyChange, {
        selector: ({ table, id }) => `${table} ${id}`,
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ turn: fc.boolean(), flush: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ turn: fc.boolean(), read: fc.constantFrom(...IDS) }) },
);

const contents = (rows: Rows): unknown => TABLES.map((table) => rows.page(table, { limit: 100 }));

describe("rows over a journal", () => {
  it("are what durable entries make of them, however writes, reads and a failure interleave", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), fc.boolean(), async (steps, fails) => {
        const journal = new HeldJournal();
        const rows = new Rows(journal.write);
        const writes: Promise<unknown>[] = [];
        const reads: Promise<unknown>[] = [];
        for (const step of steps) {
          if ("write" in step) {
            const changes = step.write.map(({ table, id, value }) => {
              return { table, id, value: value === undefined ? undefined : frozenJson(value) };
            });
            writes.push(rows.write(changes).then((version) => expect(journal.isDurable(version)).toBe(true)));
          } else if ("flush" in step) journal.flush(step.flush);
          else {
            const read = rows.read("a", [step.read], () => rows.get("a", step.read));
            reads.push(read.then((row) => expect(row === undefined || journal.isDurable(row.version)).toBe(true)));
          }
          if (step.turn) await turn();
        }
        if (fails) journal.fail();
        else journal.flush();
        await Promise.allSettled(writes);
        await Promise.all(reads);
        expect(contents(rows)).toEqual(contents(journal.replayed()));
      }),
    );
  });

  it("let a reader wait for the write that it sees, a removal too", async () => {
    const journal = new HeldJournal();
    const rows = new Rows(journal.write);
    const seen: unknown[] = [];
    const look = () => rows.read("a", ["p"], () => rows.get("a", "p")?.value).then((value) => seen.push(value));
    for (const value of [1, undefined]) {
      const write = rows.write([{ table: "a", id: "p", value }]);
      const read = look();
      for (let turns = 0; turns < 5; turns++) await turn();
      const before = seen.length;
      journal.flush();
      await Promise.all([write, read]);
      expect(seen.length - before).toBe(1);
    }
    expect(seen).toEqual([1, undefined]);
  });

  it("are back as they are on disk when the journal has failed, and take nothing any more", async () => {
    const journal = new HeldJournal();
    const rows = new Rows(journal.write);
    const kept = rows.write([{ table: "a", id: "p", value: 1 }]);
    journal.flush();
    await kept;
    const lost = [2, 3].map((value) => rows.write([{ table: "a", id: "p", value }]));
    const read = rows.read("a", undefined, () => rows.get("a", "p")?.value);
    const refused = rows.settled("a", ["p"]);
    journal.fail();
    for (const write of [...lost, refused]) await expect(write).rejects.toMatchObject({ begun: true });
    expect([await read, rows.get("a", "p")?.value]).toEqual([1, 1]);
    await expect(rows.write([{ table: "a", id: "p", value: 4 }])).rejects.toMatchObject({ begun: false });
    expect(rows.get("a", "p")?.value).toBe(1);
  });
});
