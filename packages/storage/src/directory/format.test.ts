/**
 * A directory that an earlier version of this engine has written can be opened: `fixtures/format-1` has a snapshot, a journal
 * behind it, segments, and a log that was being removed when its process was killed.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { folderForTest } from "./folder-for-test.ts";
import { at } from "../compliance/groups.ts";
import { plainOf, readAll, texts } from "../compliance/log-records.ts";
import { DirectoryEngine } from "./engine.ts";

it("data of format 1 is there, as it was written", async () => {
  const folder = await folderForTest("format");
  const directory = join(folder, "data");
  await cp(fileURLToPath(new URL("../../fixtures/format-1", import.meta.url)), directory, { recursive: true });
  for (let start = 0; start < 2; start++) {
    const engine = await DirectoryEngine.open({ directory, clock: new ManualClock() });
    const { log, metadata, coordination } = engine.node("a");
    const first = await readAll(log, "kept", 0);
    expect(texts(first)).toEqual(["a", "b", "d"]);
    expect(plainOf(first).map(({ offset, key }) => [offset, key])).toEqual([
      [0, "ka"],
      [1, "kb"],
      [2, "kd"],
    ]);
    expect(texts(await readAll(log, "kept", 1))).toEqual(["c"]);
    await expect(log.bounds("removed")).rejects.toMatchObject({ name: "NoSuchLogError" });
    expect(await metadata.list("k", { limit: 10 })).toMatchObject([{ id: "one", value: { n: 1 } }]);
    expect((await coordination.progress("sub")).get("e:0")?.at).toEqual(at(2));
    await engine.close();
  }
});
