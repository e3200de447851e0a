/**
 * The journal gives back, in order, everything that it has acknowledged; of the rest, a beginning.
 */
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { folderForTest } from "../folder-for-test.ts";
import { StorageFailedError } from "../../storage-errors.ts";
import { nodeFiles } from "../files.ts";
import type { Files } from "../files.ts";
import { FileJournal } from "./file-journal.ts";
import type { JournalOptions } from "./file-journal.ts";

const FILE_BYTES = 300;

let root: string;

beforeEach(async () => {
  root = await folderForTest("journal");
});

async function open(
  directory = root,
  more: Partial<JournalOptions> = {},
): Promise<{ journal: FileJournal; found: string[] }> {
  const found: string[] = [];
  const journal = await FileJournal.open({
    files: nodeFiles,
    directory,
    from: 0,
    replay: ({ kind, payload }) => void found.push(`${kind} ${payload.toString()}`),
    fileBytes: FILE_BYTES,
    ...more,
  });
  return { journal, found };
}

function append(journal: FileJournal, ...texts: string[]): number {
  return journal.append(
    "rows",
    texts.map((text) => Buffer.from(text)),
  );
}

async function appendDurably(journal: FileJournal, ...texts: string[]): Promise<void> {
  await journal.whenDurable(append(journal, ...texts));
}

async function copyTo(directory: string): Promise<void> {
  await nodeFiles.makeDirectory(join(directory, "journal"));
  for (const name of await nodeFiles.list(join(directory, "journal"))) {
    if (!(await readdir(join(root, "journal"))).includes(name)) await rm(join(directory, "journal", name));
  }
  for (const name of await readdir(join(root, "journal")))
    await copyFile(join(root, "journal", name), join(directory, "journal", name));
}

const HARMS = ["flip", "cut", "zero"] as const;

/** Changes one byte of the journal, or cuts it off there. */
async function harm(directory: string, position: number, how: (typeof HARMS)[number]): Promise<void> {
  const path = join(directory, "journal", String(Math.floor(position / FILE_BYTES)).padStart(10, "0"));
  const bytes = await readFile(path);
  const at = position % FILE_BYTES;
  if (how === "flip") bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  if (how === "zero") bytes.fill(0, at);
  await writeFile(path, how === "cut" ? bytes.subarray(0, at) : bytes);
}

describe("the journal", () => {
  it("gives everything back in the order of the calls, over any files", async () => {
    const anyText = fc.string({ maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.array(anyText, { maxLength: 3 }), { maxLength: 4 }), { maxLength: 5 }),
        async (groups) => {
          const directory = await mkdtemp(join(root, "run-"));
          const expected: string[] = [];
          for (const group of groups) {
            const { journal, found } = await open(directory);
            expect(found).toEqual(expected);
            for (const texts of group) {
              append(journal, ...texts);
              expected.push(`rows ${Buffer.from(texts.join("")).toString()}`);
            }
            await journal.whenDurable(journal.end);
            expect(journal.durable).toBe(journal.end);
            await journal.close();
          }
          const { journal, found } = await open(directory);
          expect(found).toEqual(expected);
          await journal.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  it("writes all that comes in one turn in one group", async () => {
    let syncs = 0;
    const files = withFile((file) => ({ datasync: () => (syncs++, file.datasync()) }));
    const { journal } = await open(root, { files, fileBytes: 1_000_000 });
    syncs = 0;
    await Promise.all(Array.from({ length: 50 }, () => appendDurably(journal, "x")));
    expect(syncs).toBe(1);
    await journal.close();
  });

  it("forgets the torn end of the last group, wherever it is torn, and goes on from there", async () => {
    const { journal } = await open();
    await appendDurably(journal, "durable".repeat(30));
    const from = journal.end;
    for (const text of ["a".repeat(70), "b", "c".repeat(80)]) append(journal, text);
    await journal.whenDurable(journal.end);
    await journal.close();
    const files = withFile(() => ({ datasync: async () => undefined }));
    const whole = [`rows ${"durable".repeat(30)}`, `rows ${"a".repeat(70)}`, "rows b", `rows ${"c".repeat(80)}`];
    const torn = join(root, "torn");
    for (let at = from; at < journal.end; at++) {
      await copyTo(torn);
      await harm(torn, at, HARMS[at % HARMS.length] ?? "cut");
      const { journal: next, found } = await open(torn, { files });
      expect(found).toEqual(whole.slice(0, found.length));
      expect(found.length).toBeGreaterThan(0);
      // As long as the first that was lost: what follows that one must not come back behind it.
      await appendDurably(next, "n".repeat(70));
      await next.close();
      const { journal: last, found: again } = await open(torn, { files });
      expect(again).toEqual([...found, `rows ${"n".repeat(70)}`]);
      await last.close();
    }
  });

  it("refuses to forget what another group follows", async () => {
    const { journal } = await open();
    await appendDurably(journal, "a".repeat(200));
    const until = journal.end;
    await appendDurably(journal, "b".repeat(200));
    await journal.close();
    const broken = join(root, "broken");
    for (let at = 0; at < until; at += 5) {
      await copyTo(broken);
      await harm(broken, at, "flip");
      await expect(open(broken)).rejects.toThrow(/is damaged: the journal is not whole at byte 0, and goes on at 228/);
    }
    await copyTo(broken);
    await rm(join(broken, "journal", "0000000000"));
    await expect(open(broken)).rejects.toThrow(/is damaged: the journal is not whole at byte 0, and goes on at 300/);
  });

  it("uses its files again, and never reads what they held before", async () => {
    let { journal } = await open();
    let from = 0;
    for (let round = 0; round < 60; round++) {
      await appendDurably(journal, `${round} `.repeat(20));
      if (round % 3 === 2) {
        from = journal.end;
        await journal.recycle(from);
      }
      expect((await readdir(join(root, "journal"))).length).toBeLessThan(9);
      if (round % 7 === 6) {
        await journal.close();
        const next = await open(root, { from });
        expect(next.found).toEqual(
          Array.from(
            { length: (round + 1) % 3 },
            (_, n) => `rows ${`${round - ((round + 1) % 3) + 1 + n} `.repeat(20)}`,
          ),
        );
        ({ journal } = next);
      }
    }
    await journal.close();
    await expect(open(root, { from: from + 10_000 })).rejects.toThrow(/is damaged: the journal is not whole at byte/);
  });

  it("writes nothing any more after a write or a sync has failed, and says what had begun", async () => {
    for (const method of ["writev", "datasync"] as const) {
      const failures: string[] = [];
      let broken = false;
      const files = withFile((file) => ({
        [method]: (...args: [never, never]) => (broken ? Promise.reject(new Error("no space")) : file[method](...args)),
      }));
      const directory = join(root, method);
      const { journal } = await open(directory, { files, onFailure: ({ message }) => void failures.push(message) });
      await appendDurably(journal, "kept");
      const durable = journal.durable;
      broken = true;
      const begun = journal.whenDurable(append(journal, "x"));
      begun.catch(() => undefined);
      await expect(begun).rejects.toMatchObject({ name: "StorageFailedError", begun: true });
      expect(() => append(journal, "y")).toThrow(StorageFailedError);
      await expect(journal.whenDurable(journal.end + 1)).rejects.toMatchObject({ begun: false });
      expect(journal.durable).toBe(durable);
      expect(failures).toEqual(["The storage has failed: no space"]);
      await journal.close();
      const { journal: next, found } = await open(directory);
      expect(found[0]).toBe("rows kept");
      await next.close();
    }
  });

  it("does not acknowledge what went to a file whose name is another one's now", async () => {
    const { journal } = await open();
    await appendDurably(journal, "kept");
    await rm(join(root, "journal"), { recursive: true });
    await expect(appendDurably(journal, "lost")).rejects.toThrow(/was removed or replaced/);
    await journal.close();
  });
});

/** Files whose open files do something else. */
function withFile(
  change: (file: Awaited<ReturnType<Files["open"]>>) => Partial<Awaited<ReturnType<Files["open"]>>>,
): Files {
  return {
    ...nodeFiles,
    syncDirectory: async () => undefined,
    open: async (path, access) => {
      const file = await nodeFiles.open(path, access);
      const own = change(file);
      return {
        read: (buffer, position) => file.read(buffer, position),
        writev: (parts, position) => file.writev(parts, position),
        datasync: () => file.datasync(),
        truncate: (length) => file.truncate(length),
        size: () => file.size(),
        identity: () => file.identity(),
        close: () => file.close(),
        ...own,
      };
    },
  };
}
