/** The `nakadi-conformance` command as a process, as it was built. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startBroker } from "nakadi-broker";
import { expect, it, onTestFinished } from "vitest";

const BIN = fileURLToPath(new URL("../../packages/conformance/bin/nakadi-conformance.js", import.meta.url));

it("one line a story, then the count; connections are broken where nakadi-testing is installed", async () => {
  const broker = await startBroker();
  onTestFinished(() => broker.close());
  const args = [BIN, broker.url, "--only", "opening/post-form", "--only", "faults/reset"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(
    stdout
      .replace(/\d+ ms/g, "N ms")
      .split("\n")
      .toSorted(),
  ).toEqual(["", "2 passed, 0 failed", "ok    faults/reset (N ms)", "ok    opening/post-form (N ms)"]);
});
