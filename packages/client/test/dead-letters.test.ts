/** Where dead letters go: a file, an event type, and the server's own. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type ConfigError,
  type ConsumerOptions,
  deadLetterAnnotations,
  type DeadLetter,
  type DeadLetterContext,
  type Handler,
  readDeadLetterAnnotations,
  toEventType,
  toFile,
} from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { type Numbered, testConsumer } from "./test-consumer.ts";

const POISON: Numbered = { n: -1 };

const poisoned = (deadLetter: ConsumerOptions<Numbered>["failure"]): Handler<Numbered> & ConsumerOptions<Numbered> => ({
  onEvent({ n }) {
    if (n < 0) throw new Error(`cannot handle ${n}`);
  },
  failure: { retry: { attempts: 2, initialDelayMs: 10, maxDelayMs: 10 }, onExhausted: "dead-letter", ...deadLetter },
});

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "nakadi-letters-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const context: DeadLetterContext = { signal: new AbortController().signal, publish: () => Promise.resolve() };
/** One that a program has made itself. */
const letter = (offset: number): DeadLetter =>
  ({
    subscription_id: "s",
    event_type: "e",
    partition: "0",
    offset: String(offset),
    error: { name: "Error", message: "two\nlines" },
    event: { n: offset },
    attempts: 1,
    first_failed_at: "2026-01-01T00:00:00.000Z",
    failed_at: "2026-01-01T00:00:00.000Z",
  }) as Partial<DeadLetter> as DeadLetter;

describe("a file", () => {
  it("gets a line of JSON for each letter, in their order, behind what is there", async () => {
    const path = join(await directory(), "dead.ndjson");
    await writeFile(path, '{"old":true}\n');
    const sink = toFile(path);
    const letters = Array.from({ length: 20 }, (_, n) => letter(n));
    await Promise.all(letters.map(async (one) => sink(one, context)));
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ old: true }, ...letters]);
  });

  it("that cannot be written is a failure; the half line that it left does not reach into the next letter", async () => {
    const folder = join(await directory(), "letters");
    const sink = toFile(join(folder, "dead.ndjson"));
    await expect(sink(letter(1), context)).rejects.toMatchObject({ code: "ENOENT" });
    await mkdir(folder);
    await writeFile(join(folder, "dead.ndjson"), '{"subscription_id":"s","ev');
    await sink(letter(2), context);
    const lines = (await readFile(join(folder, "dead.ndjson"), "utf8")).trimEnd().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual(letter(2));
  });

  it("needs a name", () => {
    expect(() => toFile("")).toThrow(expect.objectContaining({ path: "path" }) as ConfigError);
  });

  it("of a consumer: the letter is in it before anything is committed, and a sink that is away is tried again", async () => {
    const path = join(await directory(), "dead.ndjson");
    const file = toFile(path);
    let away = true;
    const test = testConsumer(
      poisoned({
        async deadLetter(one, given) {
          if (away) throw new Error("disk full");
          await file(one, given);
          expect(test.committed()).toEqual([]);
        },
      }),
    );
    (await test.open()).batch(1, [POISON]);
    await test.pass(10);
    expect(test.retries.map(({ error }) => error.message)).toEqual([
      "a handler failed 1 times",
      "the dead-letter sink failed 1 times",
    ]);
    away = false;
    await test.pass(10);
    await expect.poll(() => test.committed()).toEqual([["0:1"]]);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ event: { n: -1 }, attempts: 2 });
  });
});

describe("an event type", () => {
  it("gets each letter as an event, through the same client, before anything is committed", async () => {
    const transport = new ScriptedTransport();
    const test = testConsumer(poisoned({ deadLetter: toEventType("e.dead") }), {}, transport);
    transport.onRequest = ({ path }) => {
      if (path === "/event-types/e.dead") return { status: 200, body: '{"category":"undefined"}' };
      return { status: path.endsWith("/events") ? 200 : 204 };
    };
    (await test.open()).batch(1, [POISON]);
    await test.pass(100, 10);
    expect(transport.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /event-types/e.dead",
      "POST /event-types/e.dead/events",
      "POST /subscriptions/s/cursors",
    ]);
    const [sent] = JSON.parse(String(transport.requests[1]?.body)) as DeadLetter[];
    expect(sent).toMatchObject({ event_type: "e", offset: expect.any(String), event: { n: -1 }, attempts: 2 });
  });

  it("that refuses a letter keeps it from being done: the consumer stops, and nothing is committed", async () => {
    const transport = new ScriptedTransport();
    transport.onRequest = ({ path }) => {
      if (path === "/event-types/e.dead") return { status: 200, body: '{"category":"undefined"}' };
      if (!path.endsWith("/events")) return { status: 204 };
      const item = { publishing_status: "failed", step: "validating", detail: "no", eid: "", partition: null };
      return { status: 422, body: JSON.stringify([item]) };
    };
    const test = testConsumer(poisoned({ deadLetter: toEventType("e.dead") }), {}, transport);
    const failed = test.consumer.done.catch((error: unknown) => error);
    (await test.open()).batch(1, [POISON]);
    await test.pass(1_000, 10);
    expect(await failed).toMatchObject({ code: "HANDLER", cause: { code: "PUBLISH" } });
    expect(test.committed()).toEqual([]);
  });
});

describe("the server's own dead letters", () => {
  const count = "nakadi.zalando.org/subscription-max-event-send-count";
  const policy = "nakadi.zalando.org/subscription-unprocessable-event-policy";

  it.each(["SKIP_EVENT", "DEAD_LETTER_QUEUE"] as const)("are set and read by annotations: %s", (name) => {
    const annotations = deadLetterAnnotations({ maxSendCount: 3, policy: name });
    expect(annotations).toEqual({ [count]: "3", [policy]: name });
    expect(readDeadLetterAnnotations({ other: "x", ...annotations })).toEqual({ maxSendCount: 3, policy: name });
  });

  it("are off where an annotation is missing or unknown", () => {
    for (const off of [
      undefined,
      null,
      {},
      { [count]: "3" },
      { [policy]: "SKIP_EVENT" },
      { [count]: "3", [policy]: "x" },
    ])
      expect(readDeadLetterAnnotations(off)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["options.maxSendCount", { maxSendCount: 1, policy: "SKIP_EVENT" }],
    ["options.maxSendCount", { maxSendCount: 11, policy: "SKIP_EVENT" }],
    ["options.maxSendCount", { policy: "SKIP_EVENT" }],
    ["options.policy", { maxSendCount: 2, policy: "skip" }],
    ["options.sometimes", { maxSendCount: 2, policy: "SKIP_EVENT", sometimes: true }],
  ])("that the server would refuse are refused: %s", (path, options) => {
    expect(() => deadLetterAnnotations(options as Parameters<typeof deadLetterAnnotations>[0])).toThrow(
      expect.objectContaining({ code: "CONFIG", path }) as ConfigError,
    );
  });
});
