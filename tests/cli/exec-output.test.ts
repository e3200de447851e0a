/** What the command of `nakadi consume --exec` writes, and the processes that it leaves behind. */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { orders } from "../support/orders.ts";
import { shellFor } from "../support/shell.ts";

const PATIENT = { timeout: 30_000 };

async function consuming(count: number) {
  const { broker, nakadi, id } = await orders(count);
  return {
    id,
    shell: shellFor(broker.url),
    async unconsumed(): Promise<number> {
      const stats = await nakadi.subscriptions.stats(id);
      return stats
        .flatMap(({ partitions }) => partitions)
        .reduce((sum, { unconsumed_events = NaN }) => sum + unconsumed_events, 0);
    },
  };
}

it("a command has ended when it exits, though a process that it has started holds its output", async () => {
  const { id, shell, unconsumed } = await consuming(10);
  const exec = "cat; sleep 600 & echo $! > left; echo ran >> runs; exit 0";
  const run = shell.run(`exec nakadi consume ${id} --batch 100 --wait 1 --exec '${exec}'`);
  await expect.poll(unconsumed, PATIENT).toBe(0);
  run.kill("SIGINT");
  expect(await run.exited).toBe(130);
  expect(run.stdout.match(/"order":/g)).toHaveLength(10);
  // One for each partition.
  const runs = shell.run("cat runs; kill $(cat left)");
  await runs.exited;
  expect(runs.stdout).toBe("ran\nran\n");
});

it("a process that is left behind and writes without end does not hold up the commit", async () => {
  const { id, shell, unconsumed } = await consuming(2);
  const run = shell.run(`exec nakadi consume ${id} --wait 1 --exec 'cat >/dev/null; yes left & exit 0' > /dev/null`);
  await expect.poll(unconsumed, PATIENT).toBe(0);
  run.kill("SIGINT");
  expect(await run.exited).toBe(130);
});

it("a failure is reported when the command exits, whatever it has left behind", async () => {
  const { id, shell } = await consuming(1);
  const run = shell.run(`exec nakadi consume ${id} --wait 1 --attempts 1 --exec 'sleep 600 & exit 3'`);
  expect(await run.exited).toBe(1);
  expect(run.stderr).toContain("nakadi: the command exited with 3\n");
});

it("hands on every byte as it is", async () => {
  const { id, shell, unconsumed } = await consuming(500);
  const run = shell.run(`exec nakadi consume ${id} --batch 1000 --wait 1 --parallel 1 --exec 'gzip -c'`);
  const chunks: Buffer[] = [];
  run.process.stdout?.removeAllListeners("data").setEncoding("latin1");
  run.process.stdout?.on("data", (text: string) => chunks.push(Buffer.from(text, "latin1")));
  await expect.poll(unconsumed, PATIENT).toBe(0);
  run.kill("SIGINT");
  expect(await run.exited).toBe(130);
  const text = gunzipSync(Buffer.concat(chunks)).toString();
  expect(text.match(/"order":"(first|order-\d+)"/g)).toHaveLength(500);
});

it("waits for its reader, and goes on when it reads again", async () => {
  const { id, shell, unconsumed } = await consuming(4);
  const file = join(shell.folder, "written");
  // Far more than a pipe holds.
  const part = "head -c 100000 /dev/zero; n=$((n+1)); echo $n > written";
  const exec = `cat > /dev/null; n=0; while [ $n -lt 200 ]; do ${part}; done`;
  const run = shell.run(`exec nakadi consume ${id} --batch 1 --wait 1 --exec '${exec}'`);
  const stdout = run.process.stdout;
  await run.seen(/reading/);
  stdout?.removeAllListeners("data").pause();
  const written = (): number => Number(existsSync(file) && readFileSync(file, "utf8"));
  let before = 0;
  const standsStill = (): boolean => {
    const [last, now] = [before, written()];
    before = now;
    return now > 0 && now === last;
  };
  await expect.poll(standsStill, { timeout: 30_000, interval: 300 }).toBe(true);
  expect(written()).toBeLessThan(200);
  expect(await unconsumed()).toBe(4);
  let bytes = 0;
  stdout?.setEncoding("latin1").on("data", (text: string) => (bytes += text.length));
  stdout?.resume();
  await expect.poll(unconsumed, PATIENT).toBe(0);
  run.kill("SIGINT");
  expect(await run.exited).toBe(130);
  expect(bytes).toBe(80_000_000);
});

it("ends when it is interrupted, though its reader has stopped", async () => {
  const { id, shell } = await consuming(2);
  const run = shell.run(`exec nakadi consume ${id} --wait 1 --timeout 1 --attempts 100 --exec 'cat; yes'`);
  const stdout = run.process.stdout;
  await run.seen(/"order":/);
  stdout?.removeAllListeners("data").pause();
  await run.seen(/longer than --timeout/);
  run.kill("SIGINT");
  const [code] = (await once(run.process, "exit")) as [number];
  expect(code).toBe(130);
});

it("says once, in words, that no slot is free", async () => {
  const { id, shell, unconsumed } = await consuming(2);
  const consume = `exec nakadi consume ${id} --wait 1 --exec cat`;
  const runs = [shell.run(consume), shell.run(consume)];
  await Promise.all(runs.map((run) => run.seen(/reading/)));
  await expect.poll(unconsumed, PATIENT).toBe(0);
  const third = shell.run(consume);
  await third.seen(/slot/);
  runs[0]?.kill("SIGINT");
  await third.seen(/reading/);
  third.kill("SIGINT");
  await third.exited;
  expect(third.stderr.match(/slot/g)).toHaveLength(1);
  expect(third.stderr).toMatch(/^nakadi: no slot is free: .*\nnakadi: reading\n/);
});
