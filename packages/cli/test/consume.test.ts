import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runCommand, temporaryDirectory } from "./run-command.ts";
import { testServer } from "./test-server.ts";

const PATIENT = { timeout: 15_000 };

async function consuming(orders: readonly string[], partitions = 1) {
  const server = await testServer();
  const eventType = await server.orders("order.created", partitions);
  const { id } = await server.nakadi.subscriptions.ensure({
    owning_application: "billing",
    event_types: [eventType],
    read_from: "begin",
  });
  await server.nakadi.publisher(eventType).publish(orders.map((order) => ({ order })));
  const directory = temporaryDirectory();
  const file = join(directory, "handled");
  const read = (name = "handled"): string =>
    existsSync(join(directory, name)) ? readFileSync(join(directory, name), "utf8") : "";
  return {
    ...server,
    id,
    eventType,
    directory,
    file,
    read,
    run: (exec: string, ...args: string[]) =>
      runCommand(["consume", id, "--exec", exec, "--wait", "1", "--url", server.url, ...args], {
        env: { PATH: process.env["PATH"] ?? "", FILE: file, DIR: directory },
      }),
    async unconsumed() {
      const stats = await server.nakadi.subscriptions.stats(id);
      return stats
        .flatMap(({ partitions: all }) => all)
        .reduce((sum, { unconsumed_events = NaN }) => sum + unconsumed_events, 0);
    },
  };
}

const lines = (...orders: string[]): string => orders.map((order) => `{"order":"${order}"}\n`).join("");

describe("nakadi consume", () => {
  it("gives each batch to the command, commits what it handled, and ends cleanly when interrupted", async () => {
    const { run, read, unconsumed } = await consuming(["a", "b", "c"]);
    const { code, stdout, stderr, stop } = run(
      'cat >> "$FILE"; echo "$NAKADI_EVENT_TYPE $NAKADI_PARTITION $NAKADI_EVENTS $NAKADI_ATTEMPT"',
    );
    await expect.poll(read, PATIENT).toBe(lines("a", "b", "c"));
    await expect.poll(unconsumed, PATIENT).toBe(0);
    stop("SIGINT");
    expect(await code).toBe(130);
    expect(stdout.text).toBe("order.created 0 3 1\n");
    expect(stderr.text).toContain("3 events in 1 batches were handled\n");
  });

  it("gives events as the server stored them, halves of a batch as well", async () => {
    const { run, read, url, eventType, unconsumed } = await consuming([]);
    const events = ['{"order":"a","n":9007199254740993}', '{"order":"bad"}', '{"order":"\\u00e9","x":1.0}'];
    const headers = { "content-type": "application/json" };
    await fetch(`${url}/event-types/${eventType}/events`, { method: "POST", body: `[${events.join(",")}]`, headers });
    run(
      'events=$(cat); case "$events" in *bad*) exit 1;; *) printf "%s\\n" "$events" >> "$FILE";; esac',
      "--attempts",
      "1",
      "--on-failure",
      "skip",
    );
    await expect.poll(unconsumed, PATIENT).toBe(0);
    expect(read()).toBe(`${events[0]}\n${events[2]}\n`);
  });

  it("commits nothing whose output was not read, and ends with 0", async () => {
    const { run, unconsumed } = await consuming(["a"]);
    const { code, stdout, stderr } = run("cat");
    stdout.close();
    expect(await code).toBe(0);
    expect(await unconsumed()).toBe(1);
    expect(stderr.text).not.toContain("    at ");
  });

  it("tries again what the command did not handle", async () => {
    const { run, read, unconsumed } = await consuming(["a"]);
    const { stdout, stderr } = run('echo "$NAKADI_ATTEMPT" >> "$FILE"; [ "$NAKADI_ATTEMPT" -gt 2 ]');
    await expect.poll(unconsumed, PATIENT).toBe(0);
    expect(read()).toBe("1\n2\n3\n");
    expect(stdout.text).toBe("");
    expect(stderr.text).toMatch(/the command exited with 1; again in [\d.]+ s/);
  });

  it("complains once of a server that is away", async () => {
    let tries = 0;
    const server = http.createServer(({ url }, response) => {
      const isStream = url?.includes("/events") ?? false;
      if (isStream) tries += 1;
      response.writeHead(isStream ? 503 : 200, { "content-type": "application/json" }).end('{"id":"it"}');
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr, stop } = runCommand(["consume", "it", "--exec", "cat", "--url", url]);
    await expect.poll(() => tries, PATIENT).toBeGreaterThan(3);
    stop("SIGINT");
    expect(await code).toBe(130);
    expect(stderr.text.match(/^nakadi: .*HTTP 503; trying again$/gm)).toHaveLength(1);
  });

  it("stops with 1 after the last try, without committing", async () => {
    const { run, unconsumed } = await consuming(["a"]);
    const { code, stderr } = run("exit 7", "--attempts", "2");
    expect(await code).toBe(1);
    expect(stderr.text).toContain("the command exited with 7");
    expect(await unconsumed()).toBe(1);
  });

  it("finds the one event that fails, puts it aside and handles its neighbours", async () => {
    const { run, read, unconsumed } = await consuming(["a", "bad", "c"]);
    const dead = ["--on-failure", "dead-letter", "--dead-letter-file"];
    const directory = temporaryDirectory();
    const exec = 'events=$(cat); case "$events" in *bad*) exit 1;; *) echo "$events" >> "$FILE";; esac';
    const { code, stderr, stop } = run(exec, "--attempts", "1", ...dead, join(directory, "dead.ndjson"));
    await expect.poll(unconsumed, PATIENT).toBe(0);
    stop("SIGTERM");
    expect(await code).toBe(143);
    expect(read()).toBe(lines("a", "c"));
    const letter = JSON.parse(readFileSync(join(directory, "dead.ndjson"), "utf8")) as object;
    expect(letter).toMatchObject({ event: { order: "bad" }, error: { message: "the command exited with 1" } });
    expect(stderr.text).toContain("1 of them dead letters");
  });

  it("ends a command that runs too long, with all that it started", async () => {
    const { run, read } = await consuming(["a"]);
    const { code, stderr } = run('sleep 600 & echo $! >> "$FILE"; wait', "--timeout", "1", "--attempts", "1");
    expect(await code).toBe(1);
    expect(stderr.text).toContain("nakadi: the command ran for longer than --timeout, and was ended");
    const pid = Number(read());
    await expect.poll(() => alive(pid), PATIENT).toBe(false);
  });

  it("a process that ignores SIGTERM is killed in the end, also where its shell has ended before", async () => {
    const { run, read } = await consuming(["a"]);
    const exec = 'sh -c "trap : TERM; echo \\$\\$; while :; do sleep 1; done" >> "$FILE" & wait';
    const { code } = run(exec, "--timeout", "1", "--attempts", "1");
    expect(await code).toBe(1);
    const pid = Number(read());
    await expect.poll(() => alive(pid), PATIENT).toBe(false);
  });

  it("says so where the command itself ignores SIGTERM", async () => {
    const { run, read } = await consuming(["a"]);
    const { code, stderr } = run('trap : TERM; echo $$ >> "$FILE"; while :; do sleep 1; done', "--timeout", "1");
    expect(await code).toBe(1);
    expect(stderr.text).toContain("nakadi: the command went on after SIGTERM");
    await expect.poll(() => alive(Number(read())), PATIENT).toBe(false);
  });

  it("a command that reads nothing may still succeed", async () => {
    const { run, unconsumed } = await consuming(Array.from({ length: 100 }, (_, index) => "x".repeat(10_000) + index));
    run("exec <&-; exit 0");
    await expect.poll(unconsumed, PATIENT).toBe(0);
  });

  it.each([
    ["", "it is a directory"],
    ["new/", "it is a directory"],
    ["no/letters", "there is no such directory"],
    ["handled/letters", "ENOTDIR"],
  ])("refuses dead letters at %j of a directory before anything is consumed", async (name, message) => {
    const { run, directory, file, read, unconsumed } = await consuming(["a"]);
    writeFileSync(file, "there");
    const place = `${directory}/${name}`;
    const { code, stderr } = run("false", "--on-failure", "dead-letter", "--dead-letter-file", place);
    expect([await code, stderr.text]).toEqual([
      1,
      expect.stringContaining(`nakadi: cannot write dead letters to ${place}: ${message}`),
    ]);
    expect([await unconsumed(), read(), readdirSync(directory)]).toEqual([1, "there", ["handled"]]);
  });

  it.skipIf(process.getuid?.() === 0)(
    "refuses a file for dead letters that cannot be written (not as root)",
    async () => {
      const { run, directory, file } = await consuming(["a"]);
      writeFileSync(file, "there", { mode: 0o400 });
      chmodSync(directory, 0o500);
      onTestFinished(() => chmodSync(directory, 0o700));
      for (const place of [file, join(directory, "letters")]) {
        const { code, stderr } = run("false", "--on-failure", "dead-letter", "--dead-letter-file", place);
        expect([await code, stderr.text]).toEqual([1, expect.stringContaining("EACCES")]);
      }
    },
  );

  it.each([
    [["--on-failure", "dead-letter"], "needs a place"],
    [["--dead-letter-file", "x"], "nothing goes there without --on-failure dead-letter"],
    [["--on-failure", "ignore"], "Allowed choices are stop, skip, dead-letter"],
    [["--batch", "0"], "from 1 to 10000"],
  ])("%j is a usage error", async (args, message) => {
    const { code, stderr } = runCommand(["consume", "some-id", "--exec", "true", ...args]);
    expect(await code).toBe(2);
    expect(stderr.text).toContain(message);
  });

  it("needs a command, and a subscription that exists", async () => {
    const { url } = await testServer();
    expect(await runCommand(["consume", "some-id"]).code).toBe(2);
    const { code, stderr } = runCommand(["consume", "some-id", "--exec", "true", "--url", url]);
    expect(await code).toBe(1);
    expect(stderr.text).toContain("there is no subscription some-id.");
  });

  it("says that there is no such event type for dead letters, before anything is read", async () => {
    const { run } = await consuming([]);
    const { code, stderr } = run("true", "--on-failure", "dead-letter", "--dead-letter-type", "order.creatd");
    expect(await code).toBe(1);
    expect(stderr.text).toContain("there is no event type order.creatd. Did you mean order.created?");
  });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
