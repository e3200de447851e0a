/** Each command with its output in a pipe: data alone on it, no colour, and no complaint where the reader goes away. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { orders } from "../support/orders.ts";
import { dataDirectory, shellFor } from "../support/shell.ts";

const MANY = 3_000;

/** ID is a subscription of all orders. */
const COMMANDS: readonly { command: string; first: RegExp }[] = [
  { command: "nakadi --help", first: /^Usage: nakadi/ },
  { command: "nakadi tail order.created --from begin", first: /^\{.*"order":/ },
  { command: "nakadi tail ID --no-follow", first: /^\{.*"order":/ },
  { command: "nakadi search order.created --where order", first: /^\{.*"order":/ },
  { command: "nakadi lag ID --watch --interval 0.1", first: /^\w{8}-/ },
  { command: "nakadi lag ID -o json", first: /^\[$/ },
  { command: "nakadi consume ID --exec cat --wait 1", first: /^\{.*"order":/ },
  { command: "nakadi doctor", first: /settings/ },
  { command: "nakadi context list", first: /NAME/ },
  { command: "nakadi completion bash", first: /\S/ },
];

describe("a pipe", () => {
  it.each(COMMANDS)("$command | head -n 1", async ({ command, first }) => {
    const { broker, id } = await orders(MANY);
    const { run } = shellFor(broker.url);
    const pipe = run(`${command.replace("ID", id)} | head -n 1; echo "exit \${PIPESTATUS[0]}"`);
    expect(await pipe.exited).toBe(0);
    const [line = "", exit] = pipe.stdout.split("\n");
    expect(line).toMatch(first);
    expect(exit).toBe("exit 0");
    for (const unwanted of ["\u001B", "    at ", "EPIPE"]) expect(pipe.stdout + pipe.stderr).not.toContain(unwanted);
  });

  it("says nothing of its own on standard error, however much it asks at once", async () => {
    const { broker, nakadi } = await orders(1);
    const names = Array.from({ length: 12 }, (_, index) => `order.${index}`);
    for (const name of names) {
      const schema = { type: "json_schema", schema: "{}" } as const;
      await nakadi.eventTypes.create({ name, owning_application: "shop", category: "undefined", schema });
      await nakadi.subscriptions.ensure({ owning_application: name, event_types: [name], read_from: "begin" });
    }
    const all = { owning_application: "all", event_types: names, read_from: "begin" } as const;
    const { id } = await nakadi.subscriptions.ensure(all);
    const { run } = shellFor(broker.url);
    const commands = run(`nakadi lag --interval 0.1 && nakadi tail ${id} --no-follow --quiet`);
    expect([await commands.exited, commands.stderr]).toEqual([0, ""]);
  });

  it("what consume printed for a reader that has gone is delivered again", async () => {
    const { broker, nakadi, id } = await orders(MANY);
    const { run } = shellFor(broker.url);
    const pipe = run(`nakadi consume ${id} --exec cat --wait 1 --batch 500 | head -n 1`);
    expect(await pipe.exited).toBe(0);
    const stats = await nakadi.subscriptions.stats(id);
    const left = stats
      .flatMap(({ partitions }) => partitions)
      .reduce((sum, one) => sum + (one.unconsumed_events ?? 0), 0);
    // No pipe holds a whole batch.
    expect(left).toBe(MANY);
  });

  it.skipIf(!existsSync("/dev/full")).each(["completion bash", "tail order.created --no-follow", "--help"])(
    "%s says that its output cannot be written (needs /dev/full)",
    async (command) => {
      const { broker } = await orders(1);
      const run = shellFor(broker.url).run(`nakadi ${command} > /dev/full`);
      expect(await run.exited).toBe(1);
      expect(run.stderr).toContain("nakadi: cannot write to standard output: ENOSPC: no space left on device, write\n");
      expect(run.stderr).not.toContain("    at ");
    },
  );

  it("publish says that its input is a directory", async () => {
    const { broker } = await orders(0);
    const publish = shellFor(broker.url).run("nakadi publish order.created < .");
    expect([await publish.exited, publish.stderr]).toEqual([
      1,
      "nakadi: cannot read standard input: it is a directory. Name its files behind the event type\n",
    ]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("%s ends publish though its input stays open", async (signal) => {
    const { broker, nakadi } = await orders(0);
    const publish = shellFor(broker.url).run("exec nakadi publish order.created");
    publish.type('{"order":"a"}\n');
    await expect
      .poll(
        async () => (await nakadi.eventTypes.partitions("order.created")).map((one) => one.newest_available_offset),
        { timeout: 30_000 },
      )
      .toContain("001-0001-000000000000000000");
    publish.kill(signal);
    expect([await publish.exited, publish.stderr]).toEqual([
      signal === "SIGINT" ? 130 : 143,
      "1 of 1 events published to order.created\n",
    ]);
  });

  it("repair tells its report to a pipe", async () => {
    const shell = shellFor("http://localhost:8080");
    await dataDirectory(shell);
    const pipe = shell.run("nakadi repair ./nakadi-data | cat");
    expect([await pipe.exited, pipe.stderr]).toEqual([0, ""]);
    expect(pipe.stdout).toContain("is not damaged");
  });

  it("publish reads a pipe to its end; a broker serves on when its output is not read", async () => {
    const { broker, nakadi } = await orders(0);
    const { run } = shellFor(broker.url);
    const publish = run(`seq 1 250 | sed 's/.*/{"order":"&"}/' | nakadi publish order.created --batch 100 | cat`);
    expect([await publish.exited, publish.stdout, publish.stderr]).toEqual([
      0,
      "",
      "250 of 250 events published to order.created\n",
    ]);
    const partitions = await nakadi.eventTypes.partitions("order.created");
    expect(partitions).toHaveLength(2);
    const serving = run("nakadi broker --port 0 | head -n 1; echo gone");
    await serving.seen(/listening on (\S+) /);
    const [, url = ""] = /listening on (\S+) /.exec(serving.stdout) ?? [];
    expect((await fetch(`${url}/health`)).status).toBe(200);
    serving.kill("SIGTERM");
    await serving.exited;
  });
});
