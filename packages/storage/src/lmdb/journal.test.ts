/**
 * Nothing is acknowledged before it is flushed, what comes meanwhile goes together, and a failure is the end.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FaultPoint } from "../fault-points.ts";
import { StorageFailedError } from "../ports.ts";
import { Journal } from "./journal.ts";
import type { Change, Store } from "./store.ts";

const change = (name: string): Change => ({ table: "frames", key: Buffer.from(name), value: Buffer.from(name) });
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A store whose flushes wait for the test. */
class HeldStore {
  readonly groups: string[][] = [];
  readonly #held: { resolve: () => void; reject: (error: Error) => void }[] = [];

  get store(): Store {
    const write = (changes: readonly Change[]): Promise<void> => {
      this.groups.push(changes.map(({ key }) => Buffer.from(key).toString()));
      return new Promise((resolve, reject) => void this.#held.push({ resolve, reject }));
    };
    return { write } as Store;
  }

  async flush(error?: Error): Promise<void> {
    while (this.#held.length === 0) await turn();
    const held = this.#held.shift();
    if (error) held?.reject(error);
    else held?.resolve();
    await turn();
  }
}

function heldJournal(passing: (point: FaultPoint) => void = () => undefined, check: () => void = () => undefined) {
  const held = new HeldStore();
  const failures: StorageFailedError[] = [];
  return { held, failures, journal: new Journal(held.store, passing, check, (error) => failures.push(error)) };
}

describe("the journal", () => {
  it("resolves no write while its flush is held", async () => {
    const { held, journal } = heldJournal();
    let resolved = false;
    const write = journal.write([change("a")]).then(() => (resolved = true));
    for (let turns = 0; turns < 20; turns++) await turn();
    expect([held.groups, resolved]).toEqual([[["a"]], false]);
    await held.flush();
    await write;
  });

  it("takes what comes during a flush together into the next one, each write as a whole", async () => {
    const { held, journal } = heldJournal();
    const first = journal.write([change("a"), change("b")]);
    while (held.groups.length === 0) await turn();
    const rest = [
      journal.write([change("c")]),
      journal.write([change("d"), change("e")]),
      journal.write([change("f")]),
    ];
    await turn();
    expect(held.groups).toEqual([["a", "b"]]);
    await held.flush();
    await first;
    await held.flush();
    await Promise.all(rest);
    expect(held.groups).toEqual([
      ["a", "b"],
      ["c", "d", "e", "f"],
    ]);
  });

  it("writes and resolves in the order of the calls, however flushes and calls interleave", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("write", "turn"), { maxLength: 30 }), async (steps) => {
        const { held, journal } = heldJournal();
        const resolved: string[] = [];
        const writes: Promise<unknown>[] = [];
        for (const step of steps) {
          if (step === "turn") await turn();
          else {
            const name = `w${writes.length}`;
            writes.push(journal.write([change(name)]).then(() => resolved.push(name)));
          }
        }
        let done = false;
        const all = Promise.all(writes).then(() => (done = true));
        while (!done) {
          if (held.groups.flat().length > resolved.length) await held.flush();
          else await turn();
        }
        await all;
        const names = writes.map((_, index) => `w${index}`);
        expect([held.groups.flat(), resolved]).toEqual([names, names]);
      }),
      { numRuns: 50 },
    );
  });

  it("fails for good: what had begun may be there, what waited is not, and nothing is tried again", async () => {
    const { held, journal, failures } = heldJournal();
    const begun = journal.write([change("a")]);
    while (held.groups.length === 0) await turn();
    const waiting = journal.write([change("b")]);
    const outcomes = Promise.allSettled([begun, waiting]);
    await held.flush(new Error("no more disk"));
    expect((await outcomes).map((outcome) => (outcome as { reason?: StorageFailedError }).reason?.begun)).toEqual([
      true,
      false,
    ]);
    await expect(journal.write([change("c")])).rejects.toMatchObject({ name: "StorageFailedError", begun: false });
    await journal.idle();
    expect([held.groups, journal.failed, failures.map(({ message }) => message)]).toEqual([
      [["a"]],
      true,
      ["The storage has failed: no more disk"],
    ]);
    expect(failures[0]).toBeInstanceOf(StorageFailedError);
  });

  it("passes its fault points once a group, around the flush", async () => {
    const seen: string[] = [];
    const { held, journal } = heldJournal((point) => void seen.push(point));
    const write = journal.write([change("a")]).then(() => seen.push("resolved"));
    while (held.groups.length === 0) await turn();
    expect(seen).toEqual(["before-write", "writing"]);
    await held.flush();
    await write;
    expect(seen).toEqual(["before-write", "writing", "after-flush", "resolved"]);
  });
});
