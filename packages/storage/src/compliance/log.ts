/**
 * The life of a log: create, grow, configure, remove; what is refused; what an aborted append means.
 */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { NoSuchLogError } from "../ports.ts";
import type { LogPort } from "../ports.ts";
import { ALL, appendTo, KEEP, readAll, record, records, texts } from "./log-records.ts";
import { NEVER } from "./subject.ts";
import type { WithTwoNodes } from "./subject.ts";

export function logCompliance(twoNodes: WithTwoNodes): void {
  describe("log", () => {
    it(
      "stores on one node what the other one reads",
      twoNodes(async ({ a, b, clock }) => {
        await a.log.create("x", 2, KEEP);
        const beforeMs = clock.wallMs();
        const outcomes = await a.log.append(
          "x",
          new Map([
            [1, records("p", "q")],
            [0, records("r")],
          ]),
          NEVER,
        );
        const stored = outcomes.get(0);
        const timestampMs = stored?.outcome === "stored" ? stored.timestampMs : NaN;
        expect(timestampMs).toBeGreaterThanOrEqual(beforeMs);
        expect(timestampMs).toBeLessThanOrEqual(clock.wallMs());
        for (const [partition, count] of [1, 2].entries()) {
          const outcome = outcomes.get(partition);
          const first = outcome?.outcome === "stored" ? outcome.first : NaN;
          expect(outcome).toEqual({ outcome: "stored", first, last: first + count - 1, timestampMs });
          const slice = await readAll(b.log, "x", partition);
          const offsets = Array.from({ length: count }, (_, index) => first + index);
          expect(slice.frames).toMatchObject([{ first, timestampMs, offsets }]);
          const { oldest, next } = (await b.log.bounds("x"))[partition] ?? { oldest: NaN, next: NaN };
          expect(oldest).toBeLessThanOrEqual(first);
          expect(next).toBeGreaterThan(first + count - 1);
          expect(slice).toMatchObject({ oldest, next });
        }
        expect(texts(await readAll(b.log, "x", 1))).toEqual(["p", "q"]);
      }),
    );

    it(
      "keeps tombstones, empty values, keys and consumer tags apart",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 1, KEEP);
        const batch = [
          { value: null },
          { value: new Uint8Array(0) },
          record("v", { key: "" }),
          record("w", { key: "k\u00e9y\u{1f511}", consumerTag: "t" }),
        ];
        await appendTo(a.log, "x", 0, batch);
        const [frame] = (await readAll(b.log, "x", 0)).frames;
        expect(frame?.records.map(({ value }) => value && value.byteLength)).toEqual([null, 0, 1, 1]);
        expect(frame?.records.map(({ key }) => key)).toEqual([undefined, undefined, "", "k\u00e9y\u{1f511}"]);
        expect(frame?.records.map(({ consumerTag }) => consumerTag)).toEqual([undefined, undefined, undefined, "t"]);
      }),
    );

    it(
      "creates nothing twice and grows only",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 2, KEEP);
        await appendTo(a.log, "x", 1, records("p"));
        await Promise.all([
          a.log.create("x", 2, KEEP),
          b.log.create("x", 2, KEEP),
          a.log.grow("x", 3),
          b.log.grow("x", 3),
          b.log.grow("x", 1),
        ]);
        const [empty, full, grown] = await a.log.bounds("x");
        for (const each of [empty, grown]) expect(each).toEqual({ oldest: 0, next: 0 });
        expect(full?.next).toBeGreaterThan(0);
        await appendTo(b.log, "x", 2, records("q"));
        expect(texts(await readAll(a.log, "x", 1))).toEqual(["p"]);
      }),
    );

    it(
      "keeps logs apart",
      twoNodes(async ({ a, b }) => {
        const ids = [randomUUID(), randomUUID(), "x", "x:0"];
        for (const id of ids) await a.log.create(id, 1, KEEP);
        for (const id of ids) await appendTo(b.log, id, 0, records(`of ${id}`));
        await a.log.remove("x");
        for (const id of ids.filter((each) => each !== "x"))
          expect(texts(await readAll(a.log, id, 0))).toEqual([`of ${id}`]);
      }),
    );

    it(
      "knows no log that was removed or never created",
      twoNodes(async ({ a, b }) => {
        await a.log.create("gone", 1, KEEP);
        await appendTo(a.log, "gone", 0, records("p"));
        await b.log.remove("gone");
        await a.log.remove("gone");
        await a.log.remove("never");
        for (const node of [a, b]) {
          for (const id of ["gone", "never"]) {
            for (const call of callsOn(node.log, id)) await expect(call()).rejects.toThrow(NoSuchLogError);
          }
        }
      }),
    );

    it(
      "begins anew where an id is used again",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 2, KEEP);
        await a.log.append(
          "x",
          new Map([
            [0, records("old", "old")],
            [1, records("old")],
          ]),
          NEVER,
        );
        await a.log.remove("x");
        await b.log.create("x", 2, KEEP);
        expect(await a.log.bounds("x")).toEqual([
          { oldest: 0, next: 0 },
          { oldest: 0, next: 0 },
        ]);
        expect((await readAll(a.log, "x", 0)).frames).toEqual([]);
        await appendTo(a.log, "x", 0, records("new"));
        expect(texts(await readAll(b.log, "x", 0))).toEqual(["new"]);
      }),
    );

    it(
      "refuses what makes no sense before anything is stored",
      twoNodes(async ({ a, b }) => {
        for (const partitions of [0, -1, 1.5, NaN])
          await expect(a.log.create("y", partitions, KEEP)).rejects.toThrow(RangeError);
        await a.log.create("x", 2, KEEP);
        await expect(a.log.grow("x", 0)).rejects.toThrow(RangeError);
        await expect(
          a.log.append(
            "x",
            new Map([
              [0, records("p")],
              [2, records("q")],
            ]),
            NEVER,
          ),
        ).rejects.toThrow(RangeError);
        await expect(
          a.log.append(
            "x",
            new Map([
              [0, records("p")],
              [1, []],
            ]),
            NEVER,
          ),
        ).rejects.toThrow(RangeError);
        for (const partition of [2, -1]) {
          await expect(b.log.read("x", partition, 0, ALL, NEVER)).rejects.toThrow(RangeError);
          await expect(b.log.offsetAt("x", partition, 0)).rejects.toThrow(RangeError);
        }
        expect(await b.log.bounds("x")).toEqual([
          { oldest: 0, next: 0 },
          { oldest: 0, next: 0 },
        ]);
        expect(await a.log.append("x", new Map(), NEVER)).toEqual(new Map());
      }),
    );

    it(
      "does not store what was aborted before it started",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 2, KEEP);
        const cause = new Error("enough");
        const aborted = AbortSignal.abort(cause);
        const outcomes = await a.log.append(
          "x",
          new Map([
            [0, records("p")],
            [1, records("q")],
          ]),
          aborted,
        );
        expect([...outcomes]).toEqual([0, 1].map((partition) => [partition, { outcome: "not-stored", cause }]));
        await expect(a.log.read("x", 0, 0, ALL, aborted)).rejects.toBe(cause);
        await appendTo(b.log, "x", 0, records("r"));
        expect(texts(await readAll(a.log, "x", 0))).toEqual(["r"]);
      }),
    );

    it(
      "tells the truth about what was aborted later",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 1, KEEP);
        const abort = new AbortController();
        const append = a.log.append("x", new Map([[0, records("p")]]), abort.signal);
        abort.abort();
        const outcome = (await append).get(0)?.outcome;
        await appendTo(b.log, "x", 0, records("q"));
        const found = texts(await readAll(b.log, "x", 0));
        if (outcome === "stored") expect(found).toEqual(["p", "q"]);
        if (outcome === "not-stored") expect(found).toEqual(["q"]);
        expect(["stored", "not-stored", "unknown"]).toContain(outcome);
      }),
    );
  });
}

function callsOn(log: LogPort, id: string): (() => Promise<unknown>)[] {
  return [
    () => log.grow(id, 1),
    () => log.configure(id, KEEP),
    () => log.append(id, new Map([[0, records("q")]]), NEVER),
    () => log.read(id, 0, 0, ALL, NEVER),
    () => log.bounds(id),
    () => log.offsetAt(id, 0, 0),
  ];
}
