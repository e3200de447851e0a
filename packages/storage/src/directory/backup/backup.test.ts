/**
 * A backup at any instant is whole: what was acknowledged before is in it, and no position is beyond an event that is not
 * there.
 */
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderForTest } from "../folder-for-test.ts";
import { appendTo, KEEP, plain, plainOf, readAll, record } from "../../compliance/log-records.ts";
import type { Plain } from "../../compliance/log-records.ts";
import { randomFrom } from "../../compliance/random.ts";
import { NoSuchLogError } from "../../ports.ts";
import { Background } from "../background.ts";
import { takeDirectory } from "../data-directory.ts";
import { nodeFiles } from "../files.ts";
import { verifyDirectory } from "../repair/repair.ts";
import { openForTest } from "../segments/open-for-test.ts";
import type { OpenForTest } from "../segments/open-for-test.ts";
import { compactAll } from "../segments/sweep.ts";
import { backupDirectory } from "./backup.ts";
import { serveBackup } from "./hold-service.ts";
import { restoreDirectory } from "./restore.ts";

/** Of each kind; 40 with BACKUPS=40. */
const BACKUPS = Number(process.env["BACKUPS"] ?? 4);
const SMALL_FILES = { segmentBytes: 1_500, unwrittenBytes: 2_500 };
const RETENTION_MS = 1_000;

type Limits = typeof SMALL_FILES & { journalFileBytes?: number };

interface Model {
  id: string;
  kind: "kept" | "compact" | "expires";
  stored: Map<number, Plain>;
  /** The offset behind the last that was acknowledged. */
  next: number;
  /** The position that was acknowledged. */
  committed: number;
  state: "made" | "removing" | "removed";
}

/** A broker in `directory` with a workload of everything that changes files, until it is ended. */
async function busy(directory: string, random: () => number, limits: Limits) {
  const ownership = await takeDirectory(nodeFiles, directory);
  const clock = new ManualClock();
  const engine = await openForTest({ directory, clock, ...limits });
  ownership.serve?.((socket) => serveBackup(socket, engine));
  const { log, metadata } = engine.node("a");
  const below = (limit: number): number => Math.floor(random() * limit);
  const models = new Map<string, Model>();
  let created = 0;
  let going = true;
  let compacting = false;
  async function create(): Promise<void> {
    const kind = (["kept", "compact", "expires"] as const)[below(3)] ?? "kept";
    const id = `log-${created++}`;
    await log.create(id, 1, { retentionMs: kind === "expires" ? RETENTION_MS : null, compact: kind === "compact" });
    models.set(id, { id, kind, stored: new Map(), next: 0, committed: -1, state: "made" });
  }
  async function append(model: Model): Promise<void> {
    const batch = Array.from({ length: 1 + below(3) }, () =>
      record("x".repeat(below(300)), model.kind === "compact" ? { key: String(below(4)) } : {}),
    );
    const { first, last } = await appendTo(log, model.id, 0, batch);
    for (const [index, each] of batch.entries()) model.stored.set(first + index, plain(first + index, each));
    model.next = Math.max(model.next, last + 1);
    await metadata.write([{ kind: "committed", id: model.id, expect: "any", value: last }]);
    model.committed = Math.max(model.committed, last);
  }
  function compact(): void {
    if (compacting) return;
    compacting = true;
    engine.logs.inBackground(() => compactAll(engine.logs).finally(() => (compacting = false)));
  }
  async function step(): Promise<void> {
    const what = random();
    const living = [...models.values()].filter(({ state }) => state === "made");
    const model = living[below(living.length)];
    if (!model || (what < 0.05 && living.length < 6)) return create();
    if (what < 0.8) return append(model);
    if (what < 0.85) return engine.checkpoint();
    if (what < 0.9) return compact();
    if (what < 0.97) {
      clock.advance(below(RETENTION_MS));
      await log.bounds(model.id);
      return;
    }
    model.state = "removing";
    await log.remove(model.id);
    model.state = "removed";
  }
  const workers = Array.from({ length: 4 }, async () => {
    while (going) {
      try {
        await step();
      } catch (error) {
        // Another worker has removed it.
        if (!(error instanceof NoSuchLogError || (error as Error).cause instanceof NoSuchLogError)) throw error;
      }
    }
  });
  return {
    models,
    end: async () => {
      going = false;
      await Promise.all(workers);
      await engine.close();
      await ownership.release();
    },
  };
}

async function check(
  restored: OpenForTest,
  before: readonly Model[],
  after: ReadonlyMap<string, Model>,
): Promise<void> {
  const { log, metadata } = restored.node("b");
  for (const { id, kind, next, committed, state } of before) {
    const now = after.get(id);
    const bounds = await log.bounds(id).catch(() => undefined);
    if (state === "removed") expect(bounds).toBeUndefined();
    // It may be in either state.
    if (!bounds || state !== "made" || !now) {
      expect(now?.state).not.toBe("made");
      continue;
    }
    expect(bounds[0]?.next).toBeGreaterThanOrEqual(next);
    const position = (await metadata.get<number>("committed", id))?.value ?? -1;
    expect(position).toBeGreaterThanOrEqual(committed);
    expect(position).toBeLessThan(bounds[0]?.next ?? 0);
    const isEmpty = bounds[0]?.oldest === bounds[0]?.next;
    const found = isEmpty ? [] : plainOf(await readAll(log, id, 0, -1));
    for (const each of found) if (now.stored.has(each.offset)) expect(each).toEqual(now.stored.get(each.offset));
    if (kind === "kept")
      expect(found.map(({ offset }) => offset)).toEqual(Array.from({ length: bounds[0]?.next ?? 0 }, (_, n) => n));
  }
}

async function verify(directory: string, at: string): Promise<void> {
  const { damaged, snapshot, journal, unknownLogs } = await verifyDirectory(directory);
  expect([at, damaged, snapshot, journal, unknownLogs]).toEqual([at, [], [], [], []]);
}

describe("a backup", () => {
  it.each<[string, Limits]>([
    ["small files", { ...SMALL_FILES, journalFileBytes: 4_000 }],
    ["a journal of one file", SMALL_FILES],
  ])(
    "is whole at random instants under publishing, committing, retention, compaction and deletion, with %s",
    async (_, limits) => {
      const seed = Date.now() % 1_000_000;
      const random = randomFrom(seed);
      const folder = await folderForTest("backup");
      const directory = join(folder, "data");
      const broker = await busy(directory, random, limits);
      try {
        for (let index = 0; index < BACKUPS; index++) {
          for (let turns = Math.floor(random() * 300); turns > 0; turns--)
            await new Promise((resolve) => void setImmediate(resolve));
          const before = [...broker.models.values()].map((model) => ({ ...model }));
          const [backup, copy] = [join(folder, `backup-${index}`), join(folder, `copy-${index}`)];
          expect(await backupDirectory(directory, backup)).toMatchObject({ running: true });
          await restoreDirectory(backup, copy);
          if (limits.journalFileBytes === undefined) await verify(copy, `seed ${seed}, backup ${index}`);
          const restored = await openForTest({ directory: copy, clock: new ManualClock(), ...limits });
          await check(restored, before, broker.models).catch((error: unknown) => {
            throw new Error(`seed ${seed}, backup ${index}`, { cause: error });
          });
          await restored.close();
          for (const each of [backup, copy]) await rm(each, { recursive: true });
        }
      } finally {
        await broker.end();
      }
    },
    60_000,
  );

  it("ends a hold of a backup that is silent, and goes on then", async () => {
    const background = new Background();
    const journal = { durable: 7, end: 7, whenDurable: async () => undefined, fileBytes: 10 };
    const server = createServer((socket) =>
      serveBackup(socket, { background, journal, logs: { catalogue: { lastNumber: 3 } } }, 50),
    ).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const socket = createConnection((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write("hold\n");
    expect(String((await once(socket, "data"))[0])).toBe('{"position":7,"fileBytes":10,"lastLog":3}\n');
    let ran = false;
    const work = background.run(async () => void (ran = true));
    expect(ran).toBe(false);
    await once(socket, "close");
    await work;
    expect(ran).toBe(true);
  });
});

/** A stopped broker's directory with one event, and a backup of it. */
async function backedUp(): Promise<{ folder: string; directory: string; backup: string }> {
  const folder = await folderForTest("backup");
  const [directory, backup] = [join(folder, "data"), join(folder, "backup")];
  const ownership = await takeDirectory(nodeFiles, directory);
  const engine = await openForTest({ directory, clock: new ManualClock() });
  const { log } = engine.node("a");
  await log.create("e", 1, KEEP);
  await appendTo(log, "e", 0, [record("one")]);
  await engine.checkpoint();
  await appendTo(log, "e", 0, [record("two")]);
  await engine.kill();
  await ownership.release();
  expect(await backupDirectory(directory, backup)).toMatchObject({ running: false });
  return { folder, directory, backup };
}

describe("a backup of a directory that no broker uses", () => {
  it("is restored as what was copied, for its user alone, and nothing starts from the backup itself", async () => {
    const { folder, directory, backup } = await backedUp();
    const restored = join(folder, "restored");
    await restoreDirectory(backup, restored);
    const names = (await readdir(restored, { recursive: true })).toSorted();
    expect(names).toEqual((await readdir(directory, { recursive: true })).toSorted());
    for (const name of names) {
      const [one, other] = [await stat(join(restored, name)), await stat(join(directory, name))];
      expect([name, one.mode]).toEqual([name, other.mode]);
      if (one.isFile()) expect(await readFile(join(restored, name))).toEqual(await readFile(join(directory, name)));
    }
    for (const start of [() => takeDirectory(nodeFiles, backup), () => verifyDirectory(backup)])
      await expect(start()).rejects.toThrow(
        `${backup} is a backup. To make a data directory of it: nakadi restore ${backup} DIRECTORY`,
      );
  });

  it.each([
    ["is missing", (file: string) => rm(file)],
    ["is damaged", async (file: string) => writeFile(file, `${await readFile(file, "latin1")}!`, "latin1")],
    ["is damaged", async (file: string) => writeFile(file, Buffer.alloc((await stat(file)).size, "!"))],
  ])("of which a file %s is not restored, and leaves nothing behind", async (said, harm) => {
    const { folder, backup } = await backedUp();
    await harm(join(backup, "snapshot"));
    await expect(restoreDirectory(backup, join(folder, "restored"))).rejects.toThrow(
      `${join(backup, "snapshot")} ${said}`,
    );
    expect((await readdir(folder)).toSorted()).toEqual(["backup", "data"]);
  });

  it("that was not finished is not restored and not used", async () => {
    const { folder, backup } = await backedUp();
    await rm(join(backup, "backup.json"));
    await writeFile(join(backup, "unfinished-copy"), "");
    await expect(restoreDirectory(backup, join(folder, "restored"))).rejects.toThrow(
      "is a backup that was not finished",
    );
    await expect(takeDirectory(nodeFiles, backup)).rejects.toThrow("holds a copy that was not finished");
    await expect(verifyDirectory(backup)).rejects.toThrow("holds a copy that was not finished");
  });

  it("goes only where nothing is, and not into itself", async () => {
    const { folder, directory, backup } = await backedUp();
    const full = join(folder, "full");
    await mkdir(full);
    await writeFile(join(full, "notes.txt"), "precious");
    for (const copy of [() => backupDirectory(directory, full), () => restoreDirectory(backup, full)])
      await expect(copy()).rejects.toThrow(`${full} is not empty: it holds notes.txt`);
    expect(await readdir(full)).toEqual(["notes.txt"]);
    await symlink(directory, join(folder, "link"));
    for (const inside of [directory, join(directory, "a", "b"), join(folder, "link", "a"), folder])
      await expect(backupDirectory(directory, inside)).rejects.toThrow("lie in each other");
    await expect(backupDirectory(full, join(folder, "new"))).rejects.toThrow("is not a data directory of nakadi");
    await expect(backupDirectory(join(folder, "none"), join(folder, "new"))).rejects.toThrow("there is no directory");
    await expect(restoreDirectory(directory, join(folder, "new"))).rejects.toThrow(
      "is not a backup: it holds no backup.json",
    );
    await expect(backupDirectory(directory, join(full, "notes.txt"))).rejects.toThrow("cannot write to");
    expect((await readdir(folder)).toSorted()).toEqual(["backup", "data", "full", "link"]);
  });

  it("that is aborted leaves an empty directory as it was", async () => {
    const { folder, directory } = await backedUp();
    const to = join(folder, "to");
    await mkdir(to);
    const stop = new AbortController();
    const copy = backupDirectory(directory, to, { signal: stop.signal, onProgress: () => stop.abort("enough") });
    await expect(copy).rejects.toBe("enough");
    expect(await readdir(to)).toEqual([]);
  });
});
