/**
 * Files whose power is cut keep what was synced, and of the rest any part.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomFrom } from "../compliance/random.ts";
import { PowerCutError, PowerCutFiles } from "./power-cut-files.ts";

async function textOf(files: PowerCutFiles, path: string): Promise<string | undefined> {
  try {
    const file = await files.open(path, "read");
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0);
    return bytes.toString();
  } catch {
    return undefined;
  }
}

/** All contents that a path has after a cut, over many seeds. */
async function afterCut(path: string, work: (files: PowerCutFiles) => Promise<void>): Promise<Set<string | undefined>> {
  const seen = new Set<string | undefined>();
  for (let seed = 0; seed < 100; seed++) {
    const files = new PowerCutFiles(randomFrom(seed));
    await files.makeDirectory("/d");
    await work(files);
    seen.add(await textOf(files.restarted(), path));
  }
  return seen;
}

async function synced(files: PowerCutFiles, path: string, text: string) {
  const file = await files.open(path, "create");
  await file.writev([Buffer.from(text)], 0);
  await file.datasync();
  await files.syncDirectory("/d");
  return file;
}

describe("files whose power is cut", () => {
  it("keep what was synced, file and name", async () => {
    expect(await afterCut("/d/f", async (files) => void (await synced(files, "/d/f", "abcd")))).toEqual(
      new Set(["abcd"]),
    );
  });

  it("lose or tear a write that was not synced, at any byte", async () => {
    const seen = await afterCut("/d/f", async (files) => {
      const file = await synced(files, "/d/f", "abcd");
      await file.writev([Buffer.from("WX"), Buffer.from("YZ")], 2);
    });
    expect([...seen]).toEqual(expect.arrayContaining(["abcd", "abWXYZ", "abWd", "abcXY", "abcd\0\0"]));
  });

  it("lose or keep a new length", async () => {
    const seen = await afterCut("/d/f", async (files) => (await synced(files, "/d/f", "abcd")).truncate(1));
    expect(seen).toEqual(new Set(["abcd", "a"]));
  });

  it("lose or keep names that were made, removed or changed", async () => {
    const made = async (files: PowerCutFiles): Promise<void> => {
      const file = await files.open("/d/f", "create");
      await file.writev([Buffer.from("x")], 0);
      await file.datasync();
    };
    expect(await afterCut("/d/f", made)).toEqual(new Set([undefined, "x"]));
    const removed = async (files: PowerCutFiles): Promise<void> => {
      await synced(files, "/d/f", "x");
      await files.unlink("/d/f");
    };
    expect(await afterCut("/d/f", removed)).toEqual(new Set([undefined, "x"]));
    const renamed = async (files: PowerCutFiles): Promise<void> => {
      await synced(files, "/d/f", "old");
      await synced(files, "/d/g", "new");
      await files.rename("/d/g", "/d/f");
    };
    expect(await afterCut("/d/f", renamed)).toEqual(new Set(["old", "new"]));
    expect(await afterCut("/d/g", renamed)).toEqual(new Set([undefined, "new"]));
    const kept = async (files: PowerCutFiles): Promise<void> => {
      await renamed(files);
      await files.syncDirectory("/d");
    };
    expect(await afterCut("/d/f", kept)).toEqual(new Set(["new"]));
  });

  it("move a directory as a whole", async () => {
    const move = async (files: PowerCutFiles): Promise<void> => {
      await files.makeDirectory("/d/a/b");
      await synced(files, "/d/a/b/f", "x");
      await files.syncDirectory("/d/a/b");
      await files.rename("/d/a", "/d/t");
    };
    expect(await afterCut("/d/t/b/f", move)).toEqual(new Set([undefined, "x"]));
    const files = new PowerCutFiles(randomFrom(1));
    await files.makeDirectory("/d");
    await move(files);
    expect([await files.list("/d"), await files.list("/d/t/b"), await textOf(files, "/d/t/b/f")]).toEqual([
      ["t"],
      ["f"],
      "x",
    ]);
  });

  it("fail every call from the one that the cut is ordered for", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), async (calls) => {
        const files = new PowerCutFiles(randomFrom(calls));
        await files.makeDirectory("/d");
        files.cutAfter(calls);
        const outcomes: boolean[] = [];
        for (let call = 0; call < 10; call++)
          outcomes.push(
            await files.list("/d").then(
              () => true,
              (error: unknown) => !(error instanceof PowerCutError),
            ),
          );
        await files.cut;
        expect(outcomes).toEqual(Array.from({ length: 10 }, (_, index) => index < calls - 1));
      }),
    );
  });
});
