/** Failures that another try cannot repair end at once, with their reason; those of a network do not. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { rolldown } from "rolldown";
import { describe, expect, it, onTestFinished } from "vitest";
import { events, ONCE, scripted } from "./scripted-publisher.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { testConsumer } from "./test-consumer.ts";
import { testStream } from "./test-stream.ts";

const idle = { onEvent: (): void => undefined };
const refusedArgument = Object.assign(new Error("invalid header"), { code: "UND_ERR_INVALID_ARG" });

describe("a mistake of a transport", () => {
  it.each([
    ["a TypeError", new TypeError("x is not a function")],
    ["a ReferenceError", new ReferenceError("x is not defined")],
    ["a RangeError", new RangeError("Invalid array length")],
    ["what undici refuses", refusedArgument],
  ])("is fatal at once, where it is %s: for streams, consumers, commits and publishing", async (_, mistake) => {
    const error = { code: "CONFIG", message: expect.stringContaining(mistake.message), cause: mistake };
    const opening = testStream({}, new ScriptedTransport().willOpen(mistake));
    await expect(opening.stream.nextBatch()).rejects.toMatchObject(error);
    expect(opening.transport.opened).toHaveLength(1);

    const test = testConsumer(idle, {}, new ScriptedTransport().willAnswer(mistake));
    const failed = test.consumer.done.catch((reason: unknown) => reason);
    (await test.open()).batch(1);
    expect(await failed).toMatchObject(error);
    expect(test.commits()).toHaveLength(1);

    const reading = testStream();
    (await reading.open()).fail(mistake);
    await expect(reading.stream.nextBatch()).rejects.toMatchObject(error);

    const { publisher, transport } = scripted([mistake], { ...ONCE, retry: { attempts: 5 } });
    const { verdicts, cause } = await publisher.publish(events(1));
    expect([verdicts[0]?.status, cause, transport.requests.length]).toMatchObject(["unknown", error, 1]);
  });

  it("is none where the network fails a transport by fetch, or a token does not come", async () => {
    const failed = new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") });
    const test = testStream({}, new ScriptedTransport().willOpen(failed));
    await test.pass(10);
    await test.open();
    expect(test.retries.map(({ error }) => error.code)).toEqual(["TRANSPORT"]);
    const tokens = [new TypeError("Cannot read properties of undefined"), "t"];
    const token = (): string => {
      const next = tokens.shift() ?? "t";
      if (next instanceof Error) throw next;
      return next;
    };
    const consumer = testConsumer(idle, {}, new ScriptedTransport(), { token });
    await consumer.pass(10);
    expect(consumer.consumer.state).toBe("streaming");
  });
});

describe("a program of ten lines in one file", () => {
  const CLIENT = fileURLToPath(new URL("../src/index.ts", import.meta.url));
  const PROGRAM = `
    import { NakadiClient } from ${JSON.stringify(CLIENT)};
    const nakadi = new NakadiClient({ baseUrl: process.argv[2] });
    const consumer = nakadi.consume("s", { onEvent: () => "stop" });
    await consumer.done.then(
      ({ events }) => console.log("handled " + events),
      ({ code, message }) => console.log(code + ": " + message),
    );
    await nakadi.close();
  `;

  /**
   * @param platform `neutral` leaves calls of `require` in an ES module, as esbuild does
   * @param home where the bundle lies: beside the packages, or alone
   */
  async function output(platform: "node" | "neutral", home: "beside" | "alone"): Promise<string> {
    const root = home === "alone" ? tmpdir() : fileURLToPath(new URL("../../../node_modules/", import.meta.url));
    const directory = await mkdtemp(join(root, home === "alone" ? "nakadi-bundle-" : ".nakadi-bundle-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, "program.mjs"), PROGRAM);
    const bundle = await rolldown({
      input: join(directory, "program.mjs"),
      platform,
      external: /^node:/,
      resolve: {
        conditionNames: ["source", "node", "import", "default"],
        mainFields: ["module", "main"],
        modules: [fileURLToPath(new URL("../../../node_modules", import.meta.url))],
      },
      logLevel: "silent",
      checks: {},
    });
    const file = join(directory, "bundle.mjs");
    await bundle.write({ file, format: "esm", codeSplitting: false });
    await bundle.close();
    const server = http.createServer((request, response) => {
      if (request.method === "POST") {
        response.writeHead(204).end();
        return;
      }
      const cursor = '{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"}';
      response.writeHead(200, { "x-nakadi-streamid": "7b7c7100-0559-11e6-a837-0800200c9a66" });
      response.write(`{"cursor":${cursor},"events":[{"n":1}]}\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { stdout } = await promisify(execFile)(process.execPath, [file, url]);
    return stdout.trim();
  }

  it.each([
    ["node", "alone"],
    ["node", "beside"],
    ["neutral", "beside"],
  ] as const)(
    "works, bundled for %s, where it lies %s its packages",
    async (platform, home) => {
      expect(await output(platform, home)).toBe("handled 1");
    },
    60_000,
  );

  it("that has undici in it so that it cannot load ends at once and says what to do", async () => {
    const said = await output("neutral", "alone");
    expect(said).toMatch(/^CONFIG: .*cannot load undici, which sends requests: .*require.*--external:undici/);
  }, 60_000);
});
