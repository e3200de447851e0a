/** A folder of a test's own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder with `name` in its path, which is removed after the test. */
export async function folderForTest(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `nakadi-${name}-`));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
