/** Whatever has happened to the file: what can be read is saved as it was, and no offset ever gets another event. */
import { createHash } from "node:crypto";
import { copyFile, mkdtemp, open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { appendTo, KEEP, plain, plainOf, readAll, record } from "../../compliance/log-records.ts";
import type { Plain } from "../../compliance/log-records.ts";
import { LmdbEngine } from "../engine.ts";
import { repairDirectory } from "./repair.ts";
import type { RepairOutcome } from "./repair.ts";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-repair-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const opened = (directory: string): Promise<LmdbEngine> => LmdbEngine.open({ directory, clock: new ManualClock() });

const LOGS = ["x", "y"];
const PARTITIONS = 2;
const placesOf = LOGS.flatMap((log) => Array.from({ length: PARTITIONS }, (_, partition) => ({ log, partition })));
const nameOf = ({ log, partition }: { log: string; partition: number }): string => `${log}:${partition}`;

/** A stopped engine's directory with all sorts of rows, and what it holds. */
async function filled(): Promise<{ directory: string; events: ReadonlyMap<string, Plain[]> }> {
  const directory = join(await newFolder(), "data");
  const engine = await opened(directory);
  const { log, metadata, coordination } = engine.node("a");
  const events = new Map(placesOf.map((place) => [nameOf(place), [] as Plain[]]));
  for (const id of [...LOGS, "gone"]) await log.create(id, PARTITIONS, KEEP);
  for (let round = 0; round < 8; round++) {
    await Promise.all([
      ...placesOf.flatMap(async (place, which) => {
        const batch = Array.from({ length: 1 + ((round * 7 + which) % 9) }, (_, index) =>
          record(`${nameOf(place)} ${round} ${index} ${"-".repeat((round * 997 + index * 131) % 3_000)}`),
        );
        const { first } = await appendTo(log, place.log, place.partition, batch);
        events.get(nameOf(place))?.push(...batch.map((each, index) => plain(first + index, each)));
      }),
      appendTo(log, "gone", 0, [record("gone ".repeat(1_000))]),
      metadata.write([{ kind: "k", id: `id ${round}`, expect: "absent", value: { round, text: "m".repeat(500) } }]),
    ]);
  }
  await log.remove("gone");
  const group = { sessions: [], topology: [], resetUntilMs: null };
  const at = { order: 1, number: 3, text: "3" };
  await coordination.change("s", 0, group, new Map([["e:0", { at, failedCommits: 0, lastDeadLetter: null }] as const]));
  await engine.close();
  return { directory, events };
}

async function copyOf(whole: string): Promise<string> {
  const directory = await newFolder();
  for (const name of ["data.mdb", "nakadi.json"]) await copyFile(join(whole, name), join(directory, name));
  return directory;
}

/** What a directory holds now; that which cannot be read fails. */
async function contents(directory: string) {
  const engine = await opened(directory);
  try {
    const { log, metadata, coordination } = engine.node("a");
    const events = new Map<string, Plain[]>();
    const next = new Map<string, number>();
    const look = async (place: { log: string; partition: number }): Promise<void> => {
      const bounds = await log.bounds(place.log).catch(() => undefined);
      if (!bounds) return;
      events.set(nameOf(place), plainOf(await readAll(log, place.log, place.partition)));
      next.set(nameOf(place), (await appendTo(log, place.log, place.partition, [record("new")])).first);
    };
    await Promise.all(placesOf.map(look));
    return {
      events,
      next,
      records: await metadata.list("k", { limit: 100 }),
      progress: await coordination.progress("s"),
    };
  } finally {
    await engine.close();
  }
}

const repaired = (directory: string): Promise<RepairOutcome | Error> =>
  repairDirectory(directory).catch((error: unknown) => error as Error);

describe("a repair", () => {
  it("leaves a healthy directory as it is, to the byte", async () => {
    const { directory, events } = await filled();
    const before = await stateOf(directory);
    expect(await repairDirectory(directory)).toEqual({
      outcome: "healthy",
      events: [...events.values()].flat().length,
    });
    expect(await stateOf(directory)).toEqual(before);
  });

  it("of a copy whose times are other ones only notes that all is well", async () => {
    const { directory, events } = await filled();
    await utimes(join(directory, "data.mdb"), 1, 1);
    await expect(opened(directory)).rejects.toMatchObject({ problem: "damaged" });
    expect(await repairDirectory(directory)).toMatchObject({ outcome: "marked" });
    expect((await contents(directory)).events).toEqual(events);
    await writeFile(join(directory, "nakadi.json"), "?");
    await expect(opened(directory)).rejects.toMatchObject({ problem: "damaged" });
    expect(await repairDirectory(directory)).toMatchObject({ outcome: "marked" });
    await (await opened(directory)).close();
  });

  it("saves everything where only one of the two descriptions of the file is lost", async () => {
    const { directory: whole, events } = await filled();
    for (const page of [0, 1]) {
      const directory = await copyOf(whole);
      await overwrite(join(directory, "data.mdb"), page * 4_096, Buffer.alloc(4_096, "?"));
      expect(await repairDirectory(directory)).toMatchObject({ outcome: "rebuilt" });
      const found = await contents(directory);
      expect(found.events).toEqual(events);
      expect([found.records.length, found.progress.get("e:0")?.at.number]).toEqual([8, 3]);
    }
  });

  it("saves what is left of a file that was cut off or overwritten anywhere, and gives no offset to another event", async () => {
    const { directory: whole, events } = await filled();
    const { size } = await stat(join(whole, "data.mdb"));
    const anyPlace = fc.nat(size - 1);
    const anyDamage = fc.oneof(
      fc.record({ cutTo: anyPlace }),
      fc.record({
        at: anyPlace,
        bytes: fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 3 }),
          fc.integer({ min: 1, max: 20 }).chain((pages) => fc.constant(new Uint8Array(pages * 4_096).fill(pages))),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyDamage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const directory = await copyOf(whole);
        const file = join(directory, "data.mdb");
        for (const damage of damages) {
          if ("cutTo" in damage) await truncate(file, Math.min(damage.cutTo, (await stat(file)).size));
          else await overwrite(file, damage.at, damage.bytes);
        }
        const damaged = await readFile(file);
        const outcome = await repaired(directory);
        if (outcome instanceof Error) {
          expect(outcome).toMatchObject({ problem: "damaged" });
          expect((await readFile(file)).equals(damaged)).toBe(true);
          return;
        }
        if (outcome.outcome === "rebuilt") expect((await readFile(outcome.keptAt)).equals(damaged)).toBe(true);
        const found = await contents(directory);
        for (const place of placesOf) {
          const [original = [], left] = [events.get(nameOf(place)), found.events.get(nameOf(place))];
          if (!left) continue;
          const offsets = new Set(left.map(({ offset }) => offset));
          expect(left).toEqual(original.filter(({ offset }) => offsets.has(offset)));
          expect(found.next.get(nameOf(place))).toBeGreaterThanOrEqual(original.length);
          if (outcome.outcome === "rebuilt") checkAccount(outcome, place, original.length, offsets);
          else expect(left).toEqual(original);
        }
        for (const { id, value } of found.records) {
          expect(value).toEqual({ round: Number(id.slice(3)), text: "m".repeat(500) });
        }
        expect(await repairDirectory(directory)).toMatchObject({ outcome: "healthy" });
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it("has nothing to save of a file that is gone or another one, and says so", async () => {
    const { directory } = await filled();
    await writeFile(join(directory, "data.mdb"), "something else ".repeat(10_000));
    expect(await repaired(directory)).toMatchObject({
      problem: "damaged",
      message: expect.stringContaining("nothing can be saved") as string,
    });
    await rm(join(directory, "data.mdb"));
    expect(await repaired(directory)).toMatchObject({
      problem: "damaged",
      message: expect.stringContaining("is missing") as string,
    });
    expect((await readdir(directory)).sort()).toEqual([
      "clean-stop.json",
      "clock.json",
      "lock.mdb",
      "nakadi.json",
      "nakadi.lock",
    ]);
  });

  it("takes only a directory of ours that nobody uses and no newer version has written", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "notes.txt"), "precious");
    expect(await repaired(folder)).toMatchObject({ problem: "not-ours" });
    expect(await readdir(folder)).toEqual(["notes.txt"]);
    expect(await repaired(join(folder, "none"))).toMatchObject({ problem: "unusable" });
    const directory = join(folder, "data");
    const engine = await opened(directory);
    expect(await repaired(directory)).toMatchObject({ problem: "in-use" });
    await engine.close();
    await writeFile(join(directory, "nakadi.json"), `{"format":2}`);
    expect(await repaired(directory)).toMatchObject({ problem: "newer-format" });
  });

  it("leaves everything as it was when it is interrupted", async () => {
    const { directory } = await filled();
    await truncate(join(directory, "data.mdb"), 100_000);
    const before = await stateOf(directory);
    for (const at of ["search", "write"] as const) {
      const stop = new AbortController();
      const onProgress = (step: string): void => void (step === at && stop.abort("enough"));
      await expect(repairDirectory(directory, { signal: stop.signal, onProgress })).rejects.toBe("enough");
      expect(await stateOf(directory)).toEqual(before);
    }
  });
});

async function stateOf(directory: string): Promise<unknown> {
  const bytes = await readFile(join(directory, "data.mdb"));
  return { names: await readdir(directory), bytes: createHash("sha256").update(bytes).digest("hex") };
}

async function overwrite(file: string, at: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "r+");
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}

/** All that is not there any more is told of. */
function checkAccount(
  { partitions }: Extract<RepairOutcome, { outcome: "rebuilt" }>,
  place: { log: string; partition: number },
  original: number,
  left: ReadonlySet<number>,
): void {
  const account = partitions.find(({ log, partition }) => log === place.log && partition === place.partition);
  expect(account?.kept).toBe(left.size);
  let between = 0;
  for (let offset = 0; offset < original; offset++) {
    if (left.has(offset)) continue;
    const isBefore = account?.mayLackStart === true && offset < account.oldest;
    const isBehind = account?.lostEnd !== undefined && offset >= account.lostEnd.from && offset < account.lostEnd.next;
    if (!isBefore && !isBehind) between += 1;
  }
  expect(between).toBe(account?.lostBetween);
}
