/** Each command on a terminal: colour and progress for people, Ctrl-C once and twice. `script` of util-linux makes the terminal. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { orders } from "../support/orders.ts";
import { dataDirectory, shellFor } from "../support/shell.ts";

const hasScript = spawnSync("script", ["--version"]).stdout?.toString().includes("util-linux") ?? false;
const CTRL_C = "\u0003";
const ESCAPE = "\u001B";

describe.skipIf(!hasScript)("a terminal (needs script of util-linux)", () => {
  it("tail: coloured events, speed and position below; Ctrl-C ends it with 130", async () => {
    const { broker } = await orders();
    const run = shellFor(broker.url).onTerminal("nakadi tail order.created --from begin");
    await run.seen(/20 events {2}[\d.,]+\/s {2}at order\.created\//);
    expect(run.stdout).toContain(`${ESCAPE}[36m"order"${ESCAPE}[39m: ${ESCAPE}[32m"first"`);
    run.type(CTRL_C);
    expect(await run.exited).toBe(130);
    expect(run.stdout).toContain("20 of 20 events shown");
  });

  it("NO_COLOR: no colour, the same otherwise", async () => {
    const { broker } = await orders();
    const run = shellFor(broker.url, { NO_COLOR: "1" }).onTerminal("nakadi tail order.created --no-follow");
    expect(await run.exited).toBe(0);
    expect(run.stdout).toContain('"order": "first"');
    expect(run.stdout).not.toContain(`${ESCAPE}[3`);
  });

  it("TERM=dumb: plain lines, as in a pipe", async () => {
    const { broker, id } = await orders();
    const { onTerminal } = shellFor(broker.url, { TERM: "dumb" });
    const runs = [
      onTerminal("nakadi tail order.created --from begin"),
      onTerminal(`nakadi lag ${id} --watch --interval 0.1`),
      onTerminal("nakadi doctor"),
    ];
    const [tail, lag, doctor] = runs;
    await tail?.seen(/^\{.*"order":"first"/m);
    await lag?.seen(/UNCONSUMED[^]*UNCONSUMED/);
    tail?.type(CTRL_C);
    lag?.type(CTRL_C);
    expect([await tail?.exited, await lag?.exited, await doctor?.exited]).toEqual([130, 130, 0]);
    for (const { stdout } of runs) expect(stdout).not.toContain(ESCAPE);
  });

  it("search: a progress bar, taken away for what is found", async () => {
    const { broker } = await orders();
    const run = shellFor(broker.url).onTerminal("nakadi search order.created --key first -o table");
    expect(await run.exited).toBe(0);
    expect(run.stdout).toMatch(/searching [█░]{24} \d+%/);
    expect(run.stdout).toContain("1 found in order.created");
  });

  it("publish: says what it reads; Ctrl-D ends it", async () => {
    const { broker } = await orders(0);
    const shell = shellFor(broker.url);
    const run = shell.onTerminal("nakadi publish order.created");
    await run.seen(/Reading events from the terminal/);
    run.type('{"order":"typed"}\n\u0004');
    expect(await run.exited).toBe(0);
    expect(run.stdout).toContain("1 of 1 events published to order.created");
  });

  it("publish: a progress bar for a file", async () => {
    const { broker } = await orders(0);
    const shell = shellFor(broker.url);
    writeFileSync(join(shell.folder, "orders.ndjson"), '{"order":"a"}\n'.repeat(60));
    const run = shell.onTerminal("nakadi publish order.created orders.ndjson --batch 1 --rate 30");
    await run.seen(/publishing [█░]{24} \d+% \d+ events/);
    run.type(CTRL_C);
    expect(await run.exited).toBe(130);
  });

  it("lag --watch: a live table; Ctrl-C leaves it there and shows the cursor", async () => {
    const { broker, id } = await orders();
    const run = shellFor(broker.url).onTerminal(`nakadi lag ${id} --watch --interval 0.1`);
    await run.seen(/[▁▂▃▄▅▆▇█]{3}/);
    expect(run.stdout).toContain(`${ESCAPE}[?25l`);
    run.type(CTRL_C);
    expect(await run.exited).toBe(130);
    expect(run.stdout).toContain(`${ESCAPE}[?25h`);
  });

  it("consume: Ctrl-C lets the command finish, and commits what it handled", async () => {
    const { broker, nakadi, id } = await orders();
    const shell = shellFor(broker.url);
    const run = shell.onTerminal(
      `nakadi consume ${id} --wait 1 --exec 'echo begun; cat > /dev/null; read -t 1 < /dev/zero; echo handled'`,
    );
    await run.seen(/begun/);
    run.type(CTRL_C);
    expect(await run.exited).toBe(130);
    expect(run.stdout).toContain("handled");
    const stats = await nakadi.subscriptions.stats(id);
    const left = stats
      .flatMap(({ partitions }) => partitions)
      .reduce((sum, one) => sum + (one.unconsumed_events ?? 0), 0);
    expect(left).toBeLessThan(20);
  });

  it("Ctrl-C twice ends it at once, and what it had started", async () => {
    const { broker, id } = await orders();
    const run = shellFor(broker.url).onTerminal(
      `nakadi consume ${id} --wait 1 --exec 'echo "begun $$"; exec sleep 600'`,
    );
    await run.seen(/begun \d+/);
    const [, pid = ""] = /begun (\d+)/.exec(run.stdout) ?? [];
    run.type(CTRL_C);
    await run.seen(/ending: /);
    run.type(CTRL_C);
    expect(await run.exited).toBe(130);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("doctor: marks in colour", async () => {
    const { broker } = await orders(0);
    const run = shellFor(broker.url).onTerminal("nakadi doctor");
    expect(await run.exited).toBe(0);
    expect(run.stdout).toContain(`${ESCAPE}[32m✓${ESCAPE}[39m`);
  });

  it.each([
    ["nakadi context add here --url http://localhost:8080", /Context here is http:\/\/localhost:8080, no token/],
    ["nakadi context list", /There are no contexts yet/],
    ["nakadi completion fish", /complete -c nakadi/],
    ["nakadi --help", /Usage: nakadi/],
  ])("%s", async (command, shows) => {
    const run = shellFor("http://localhost:8080").onTerminal(command);
    expect(await run.exited).toBe(0);
    expect(run.stdout).toMatch(shows);
  });

  it("repair", async () => {
    const shell = shellFor("http://localhost:8080");
    await dataDirectory(shell);
    const run = shell.onTerminal("nakadi repair ./nakadi-data");
    expect(await run.exited).toBe(0);
    expect(run.stdout).toContain("is not damaged");
  });

  it.each([
    ["broker", "nakadi broker --port 0", /listening on/, 0],
    ["demo", "nakadi demo", /published/, 130],
  ])("%s: Ctrl-C ends it", async (_name, command, shows, exit) => {
    const run = shellFor("http://localhost:8080").onTerminal(command);
    await run.seen(shows);
    run.type(CTRL_C);
    expect(await run.exited).toBe(exit);
  });
});

/** A process that has ended and was not waited for is still there, as a zombie. */
function isAlive(pid: string): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", pid]);
  return /^[^Z]/.test(stdout.toString().trim());
}
