import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { nakadiCommand } from "../support/command.ts";

/** What the demo has left in a place for temporary files that only this test uses. */
async function temporaryPlace(): Promise<{ left: () => Promise<string[]> }> {
  const place = await mkdtemp(join(tmpdir(), "nakadi-test-"));
  vi.stubEnv("TMPDIR", place);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(place, { recursive: true });
  });
  return { left: async () => (await readdir(place)).filter((name) => name.startsWith("nakadi-demo-")) };
}

it("the demo ends by itself with a clean account of every earthquake, through a pipe as well", async () => {
  const { left } = await temporaryPlace();
  const command = nakadiCommand("demo");
  expect([await command.exited, command.stderr]).toEqual([0, ""]);
  const account = Object.fromEntries(
    [...command.stdout.matchAll(/^ {2}([a-z\d ]+?) {2,}([\d,]+)$/gm)].map(([, name = "", n = ""]) => [
      name,
      Number(n.replace(",", "")),
    ]),
  );
  expect(account).toMatchObject({ "out of order": 0, lost: 0, "committed again": 0, lag: 0 });
  expect(account["published"]).toBeGreaterThan(1_000);
  expect(account["distinct"]).toBe(account["published"]);
  expect(account["of consumer 1 after the kill"]).toBeGreaterThan(0);
  expect(account["of consumer 2 after the kill"]).toBeGreaterThan(0);
  expect(account["reconnects"]).toBeGreaterThan(2);
  expect(command.stdout).not.toContain("\u001B");
  expect(await left()).toEqual([]);
});

// At the kill there is no broker, or one that is just starting.
it.each([/connection of consumer 1 is cut/, /the broker is killed/])(
  "Ctrl-C once it says %s ends the demo with 130 and leaves nothing behind",
  async (moment) => {
    const { left } = await temporaryPlace();
    const command = nakadiCommand("demo");
    const [, url = ""] = await command.seen(/a broker listens on (\S+),/);
    await command.seen(moment);
    command.process.kill("SIGINT");
    expect(await command.exited).toBe(130);
    await expect(fetch(url)).rejects.toThrow("fetch failed");
    expect(await left()).toEqual([]);
  },
);
