import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand, type Surroundings, temporaryDirectory } from "./run-command.ts";
import { testServer } from "./test-server.ts";

async function publish(args: string[], surroundings: Surroundings = {}) {
  const server = await testServer();
  const eventType = await server.orders("order.created");
  const { code, stdout, stderr } = runCommand(["publish", "order.created", "--url", server.url, ...args], surroundings);
  const exit = await code;
  return { exit, out: stdout.text, err: stderr.text, events: await server.published(eventType) };
}

describe("nakadi publish", () => {
  it.each([
    ["one object a line", '{"order":"a"}\n\n{"order":"b"}\n'],
    ["a last line without an end", '{"order":"a"}\n{"order":"b"}'],
    ["an array", ' [{"order":"a"},\n{"order":"b"}] '],
    ["an array behind a byte order mark", '\uFEFF[{"order":"a"},{"order":"b"}]'],
    ["lines behind a byte order mark, with line ends of Windows", '\uFEFF{"order":"a"}\r\n{"order":"b"}\r\n'],
    ["objects of several lines in an array", '[\n  {\n    "order": "a"\n  },\n  {"order":"b"}\n]\n'],
  ])("takes %s", async (_what, stdin) => {
    expect(await publish([], { stdin })).toEqual({
      exit: 0,
      out: "",
      err: "2 of 2 events published to order.created\n",
      events: ["a", "b"],
    });
  });

  it("takes a single object over several lines", async () => {
    expect(await publish([], { stdin: '{\n  "order":\n  "a"\n}' })).toMatchObject({ exit: 0, events: ["a"] });
  });

  const EXACT = '{"order":"\\u00e9","n":9007199254740993,"x":1.0,"y":-0,"z":1E5}';

  it.each([
    ["a line", `${EXACT}\n`],
    ["an array", `[ ${EXACT} ]`],
    ["a document", EXACT.replaceAll(",", "\n,\n")],
  ])("publishes an event of %s as it is written", async (_what, stdin) => {
    const server = await testServer();
    await server.orders("order.created");
    const command = runCommand(["publish", "order.created", "--url", server.url], { stdin });
    expect([await command.code, command.stderr.text]).toEqual([0, "1 of 1 events published to order.created\n"]);
    const tail = runCommand(["tail", "order.created", "--no-follow", "--url", server.url]);
    expect([await tail.code, tail.stdout.text]).toEqual([0, `${EXACT}\n`]);
  });

  it("takes files, one after the other, and standard input where - stands", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "1.ndjson"), '{"order":"a"}\n');
    writeFileSync(join(directory, "2.json"), '[{"order":"c"}]');
    const files = [join(directory, "1.ndjson"), "-", join(directory, "2.json")];
    expect(await publish(files, { stdin: '{"order":"b"}' })).toMatchObject({ exit: 0, events: ["a", "b", "c"] });
  });

  it("sends as many requests as the batches need", async () => {
    const stdin = Array.from({ length: 25 }, (_, index) => `{"order":"${index}"}\n`).join("");
    const { exit, events } = await publish(["--batch", "10", "-q"], { stdin });
    expect([exit, events.length]).toEqual([0, 25]);
  });

  it("says what was refused with file and line, and exits with 1", async () => {
    const { exit, out, err } = await publish([], { stdin: '{"order":"a"}\n\n{"order":1}\n{"order":"c"}\n' });
    expect([exit, out]).toEqual([1, ""]);
    expect(err).toContain(
      "standard input:3: rejected while validating: #/order: expected type: String, found: Integer\n",
    );
  });

  it("--dry-run says what would be refused and publishes nothing", async () => {
    const { exit, err, events } = await publish(["--dry-run"], { stdin: '[{"order":"a"},\n\n{"x":1}]' });
    expect([exit, events]).toEqual([1, []]);
    expect(err).toContain("standard input:3: rejected while validating: #: required key [order] not found\n");
    expect(err).toContain("events would be published to order.created");
  });

  it.each([
    ['{"order":"a"}\n{"order":"b"}\n{oops\n', "standard input:3: this is not JSON"],
    ['{"order":"a"}\n[1]\n', "standard input:2: an event is a JSON object, not an array"],
    ['[{"order":"a"},\n7]', "standard input:2: an event is a JSON object, not 7"],
    ["{oops\n", "standard input:1: this is not JSON"],
    ['{\n "order": "a"\n}\n{\n "order": "b"\n}\n', "standard input:4: this is not JSON: Unexpected non-whitespace"],
    ['{\n "order": "a"\n}\n{\n "order": "b"\n}\n', "More than one JSON text stand on a line each, as from jq -c"],
    ['[\n{"order":"a"},\n{"order":\n\n', "standard input:3: this is not JSON: Unexpected end"],
  ])("says where %j is broken, after what came before it", async (stdin, message) => {
    const { exit, err } = await publish(["--batch", "1"], { stdin });
    expect(exit).toBe(1);
    expect(err).toContain(message);
  });

  it.each([
    ["a line", (deep: string) => `{"order":"a"}\n${deep}\n`, 2],
    ["an array", (deep: string) => `[\n{"order":"a"},\n${deep}]`, 3],
  ])("says where %s nests too deeply", async (_what, stdin, line) => {
    const deep = `${'{"order":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    const { exit, err } = await publish([], { stdin: stdin(deep) });
    expect(exit).toBe(1);
    expect(err).toContain(`standard input:${line}: rejected`);
  });

  it.each([
    ["a text", `"${"x".repeat(9_000_000)}"`],
    ["escapes", `"${'\\"'.repeat(4_500_000)}"`],
    ["a number", `1${"0".repeat(9_000_000)}`],
    ["spaces", `1${" ".repeat(9_000_000)}`],
  ])("takes lines of nine million characters: %s", async (_what, value) => {
    const stdin = `{"order":"a"}\n{"order":"b","more":${value}}\n{"order":"c"}\n`;
    const { exit, err, events } = await publish(["--batch", "1"], { stdin });
    expect(err).not.toContain("Maximum call stack");
    expect(events).toContain("a");
    expect(err).toMatch(/^(nakadi: )?standard input:2: |^3 of 3 events/m);
    expect(exit).toBe(err.startsWith("3 of 3") ? 0 : 1);
  });

  it("names the kind of what is not an event, and not its value", async () => {
    const { err } = await publish([], { stdin: '"a secret"\n' });
    expect(err).toContain("standard input:1: an event is a JSON object, not a text\n");
  });

  it("publishes what came before the broken line, and says how much that was", async () => {
    const { err, events } = await publish([], { stdin: '{"order":"a"}\n{"order":"b"}\n{oops\n' });
    expect(events).toEqual(["a", "b"]);
    expect(err).toContain("2 of 2 events published to order.created\n");
  });

  it("says that bytes are no UTF-8", async () => {
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield Buffer.concat([Buffer.from('{"order":"'), Buffer.of(0xff), Buffer.from('"}\n')]);
    }
    expect((await publish([], { stdin: bytes() })).err).toContain("standard input:1: this is not UTF-8");
  });

  it("says what it reads where that is a terminal", async () => {
    expect((await publish([])).err).toContain("Reading events from the terminal");
  });

  it("says that a directory is none, before anything is asked of the server", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "events"));
    const { code, stderr } = runCommand(["publish", "e", join(directory, "events"), "--url", "http://127.0.0.1:1"], {});
    expect(await code).toBe(1);
    expect(stderr.text).toContain("it is a directory. Name its files");
  });

  it("the others of a batch are published all the same", async () => {
    const { events } = await publish([], { stdin: '{"order":"a"}\n{"order":1}\n{"order":"c"}\n' });
    expect(events).toEqual(["a", "c"]);
  });

  it("says which event type was meant", async () => {
    const server = await testServer();
    await server.orders("order.created");
    const { code, stderr } = runCommand(["publish", "order.creatd", "--url", server.url], { stdin: "{}" });
    expect(await code).toBe(1);
    expect(stderr.text).toBe("nakadi: there is no event type order.creatd. Did you mean order.created?\n");
  });

  it("what a slow pipe says is not kept until a batch is full; an interrupt ends it, also while nothing comes", async () => {
    const server = await testServer();
    await server.orders("order.created");
    async function* silence(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"order":"a"}\n');
      await new Promise<never>(() => undefined);
    }
    const { code, stderr, stop } = runCommand(["publish", "order.created", "--url", server.url], {
      stdin: silence(),
    });
    await expect.poll(() => server.published("order.created")).toEqual(["a"]);
    stop("SIGINT");
    expect(await code).toBe(130);
    expect(stderr.text).toBe("1 of 1 events published to order.created\n");
  });

  it("what was read before an interrupt is published", async () => {
    const server = await testServer();
    await server.orders("order.created");
    const interrupt = new AbortController();
    async function* interrupted(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"order":"a"}\n{"order":"b"}\n');
      interrupt.abort();
      await new Promise<never>(() => undefined);
    }
    const { code, stderr, stop } = runCommand(["publish", "order.created", "--url", server.url], {
      stdin: interrupted(),
    });
    interrupt.signal.addEventListener("abort", () => stop("SIGINT"));
    expect(await code).toBe(130);
    expect(stderr.text).toBe("2 of 2 events published to order.created\n");
    expect(await server.published("order.created")).toEqual(["a", "b"]);
  });

  it("nothing more is read after an interrupt that came while events were being sent", async () => {
    const server = await testServer();
    await server.orders("order.created");
    const { code, stderr, stop } = runCommand(
      ["publish", "order.created", "--url", server.url, "--batch", "1", "--rate", "1"],
      { stdin: '{"order":"a"}\n{"order":"b"}\nno event\n' },
    );
    await expect.poll(() => server.published("order.created")).toEqual(["a"]);
    stop("SIGINT");
    expect(await code).toBe(130);
    expect(stderr.text).toBe("2 of 2 events published to order.created\n");
  });
});
