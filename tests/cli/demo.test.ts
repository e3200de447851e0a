import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { nakadiCommand } from "../support/command.ts";

const leftFolders = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith("nakadi-demo-"));

it("the demo ends by itself with a clean account of every earthquake, through a pipe as well", async () => {
  const before = await leftFolders();
  const command = nakadiCommand("demo");
  expect([await command.exited, command.stderr]).toEqual([0, ""]);
  const account = Object.fromEntries(
    [...command.stdout.matchAll(/^ {2}([a-z ]+?) +([\d,]+)$/gm)].map(([, name = "", n = ""]) => [
      name,
      Number(n.replace(",", "")),
    ]),
  );
  expect(account).toMatchObject({ "out of order": 0, lost: 0, "committed again": 0, lag: 0 });
  expect(account["published"]).toBeGreaterThan(1_000);
  expect(account["distinct"]).toBe(account["published"]);
  expect(account["reconnects"]).toBeGreaterThan(0);
  expect(command.stdout).not.toContain("\u001B");
  expect(await leftFolders()).toEqual(before);
});

it("Ctrl-C in the middle of the demo ends it with 130 and leaves nothing behind", async () => {
  const before = await leftFolders();
  const command = nakadiCommand("demo");
  const [, url = ""] = await command.seen(/a broker listens on (\S+)/);
  await command.seen(/published/);
  command.process.kill("SIGINT");
  expect(await command.exited).toBe(130);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
  expect(await leftFolders()).toEqual(before);
});
