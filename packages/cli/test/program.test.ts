import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runCommand } from "./run-command.ts";

const mayMount = canMount();

describe("nakadi", () => {
  it("--help lists the commands on stdout", async () => {
    const { code, stdout, stderr } = runCommand(["--help"]);
    expect([await code, stderr.text]).toEqual([0, ""]);
    expect(stdout.text).toMatch(/broker \[options\] +start a broker/);
    expect(stdout.text).toMatch(/demo +show everything/);
    expect(stdout.text).not.toContain("demo-consumer");
  });

  it.each([
    [["help", "broker"], "Usage: nakadi broker "],
    [["context", "help", "list"], "Usage: nakadi context list "],
    [["help", "help"], "Usage: nakadi "],
    [["help"], "Usage: nakadi "],
  ])("%j is help on stdout", async (args, begins) => {
    const { code, stdout, stderr } = runCommand(args);
    expect([await code, stderr.text, stdout.text.slice(0, begins.length)]).toEqual([0, "", begins]);
  });

  it.each(["--version", "-v"])("%s is the package's", async (flag) => {
    const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    const { code, stdout, stderr } = runCommand([flag]);
    expect([await code, stdout.text, stderr.text]).toEqual([0, `${version}\n`, ""]);
  });

  it.each([
    [["brokr"], "Did you mean broker?"],
    [["help", "brokr"], "unknown command 'brokr' (Did you mean broker?)"],
    [["brokr", "--help"], "unknown command 'brokr' (Did you mean broker?)"],
    [["context", "help", "lst"], "unknown command 'lst' (Did you mean list?)"],
    [["context", "lst", "--help"], "unknown command 'lst' (Did you mean list?)"],
    [["help", "--prot"], "unknown option '--prot'"],
    [["broker", "--port", "99999"], "from 0 to 65535"],
    [["broker", "--port", "abc"], "from 0 to 65535"],
    [["broker", "--prot", "1"], "Did you mean --port?"],
    [["broker", "--host"], "argument missing"],
    [["broker", "--data", "d", "--memory"], "cannot be used with"],
  ])("%j is a usage error that says what to do, in one line", async (args, message) => {
    const { code, stdout, stderr } = runCommand(args);
    expect([await code, stdout.text]).toEqual([2, ""]);
    expect(stderr.text).toContain(message);
    expect(stderr.text).toMatch(/^nakadi: .+\. nakadi --help lists the commands\n$/);
  });
});

describe("nakadi broker", () => {
  it("says where it listens in one line, and ends with 0 when it is asked to", async () => {
    const { code, stdout, stderr, stop } = runCommand(["broker", "--port", "0"]);
    await stdout.seen(/\n/);
    expect(stdout.text).toMatch(/^nakadi broker listening on http:\/\/127\.0\.0\.1:[1-9]\d* \(memory\)\n$/);
    stop("SIGTERM");
    expect([await code, stderr.text]).toEqual([0, ""]);
  });

  it("keeps everything in a directory, which no second broker gets", async () => {
    const directory = await mkdtemp(join(tmpdir(), "nakadi-cli-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const data = join(directory, "new", "data");
    const broker = ["broker", "--port", "0", "--data", data];
    const first = runCommand(broker);
    await first.stdout.seen(/\n/);
    expect(first.stdout.text).toMatch(/^nakadi broker listening on http:\/\/127\.0\.0\.1:[1-9]\d* \(data: .*data\)\n$/);
    const second = runCommand(broker);
    expect([await second.code, second.stdout.text, second.stderr.text]).toEqual([
      1,
      "",
      `nakadi: another broker (process ${process.pid}) uses ${data}. Stop it, or choose another directory\n`,
    ]);
    first.stop("SIGTERM");
    expect([await first.code, first.stderr.text]).toEqual([0, ""]);
    const third = runCommand(broker);
    await third.stdout.seen(/\n/);
    third.stop("SIGTERM");
    expect(await third.code).toBe(0);
  });

  it.skipIf(!mayMount)(
    "says on standard error that the disk is full, and serves what it has (needs root and mount)",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "nakadi-cli-"));
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "none", directory]);
      onTestFinished(async () => {
        execFileSync("umount", [directory]);
        await rm(directory, { recursive: true });
      });
      const { code, stdout, stderr, stop } = runCommand(["broker", "--port", "0", "--data", join(directory, "data")]);
      const [, url = ""] = await stdout.seen(/(http:\S+)/);
      const post = (path: string, json: unknown): Promise<Response> =>
        fetch(url + path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(json),
        });
      const schema = { type: "json_schema", schema: "{}" };
      await post("/event-types", { name: "e", owning_application: "test", category: "undefined", schema });
      const publish = (): Promise<Response> => post("/event-types/e/events", [{ text: "x".repeat(100_000) }]);
      let answer = await publish();
      while (answer.status === 200) answer = await publish();
      // The event, or the broker's own lease, may be what finds no room.
      expect([207, 503]).toContain(answer.status);
      await stderr.seen(/\n/);
      expect(stderr.text).toMatch(
        /^nakadi: nothing is stored any more until the broker is started again: The storage has failed: .*the disk is full/,
      );
      expect((await fetch(`${url}/event-types/e`)).status).toBe(200);
      stop("SIGTERM");
      expect(await code).toBe(0);
    },
  );

  it("says that a port is in use, and what to do, in one line", async () => {
    const taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as net.AddressInfo;
    const { code, stdout, stderr } = runCommand(["broker", "--port", String(port)]);
    expect([await code, stdout.text]).toEqual([1, ""]);
    expect(stderr.text).toBe(
      `nakadi: cannot listen on 127.0.0.1 port ${port}: the port is in use. ` +
        `Stop what uses it, or choose another one: --port ${port + 1}, or --port 0 for any\n`,
    );
  });

  it("says that this machine has no such address", async () => {
    const { code, stderr } = runCommand(["broker", "--host", "192.0.2.1", "--port", "0"]);
    expect(await code).toBe(1);
    expect(stderr.text).toContain("no such address");
  });
});

function canMount(): boolean {
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", tmpdir()], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
