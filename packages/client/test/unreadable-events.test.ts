/** Events that a server has stored although they are not JSON: a real one does so with numbers such as 007. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { eachEvent } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type ConsumerOptions,
  type FailureOptions,
  type HandlerFailure,
  toEventType,
  toFile,
  UnreadableEventError,
} from "../src/index.ts";
import type { ScriptedStream } from "./scripted-transport.ts";
import { type Numbered, testConsumer } from "./test-consumer.ts";
import { testStream } from "./test-stream.ts";

const LENIENT = ["007", "5.", "1.e5", "-.5", String.raw`"it\'s"`, String.raw`"\u+123"`];
const bad = (value: string): string => `{"n":${value}}`;
const text = (raw: Uint8Array): string => Buffer.from(raw).toString();

function send(server: ScriptedStream, offset: number, events: readonly string[]): void {
  const cursor = { partition: "0", offset: String(offset), event_type: "e", cursor_token: "t" };
  server.send(`{"cursor":${JSON.stringify(cursor)},"events":[${events.join(",")}]}\n`);
}

const MESSAGE = "event 2 of the batch of e, partition 0, that ends at offset 7 is not JSON";

describe("an event that is not JSON", () => {
  it("is found in its bytes among others, whatever stands around it", () => {
    const value = fc.oneof(
      fc.jsonValue().map((one) => JSON.stringify(one)),
      fc.constantFrom(...LENIENT, ...LENIENT.map(bad), "tru", "'a'", "{a:1}", '[{"a":01},-]'),
    );
    const space = fc.constantFrom("", " ", "\t", "\r ");
    fc.assert(
      fc.property(fc.array(fc.tuple(space, value, space)), (all) => {
        const array = Buffer.from(`[${all.map((one) => one.join("")).join(",")}]`);
        expect(Array.from(eachEvent(array), text)).toEqual(all.map(([, one]) => one));
      }),
    );
  });

  it("that cannot be separated from what follows is one event with it", () => {
    for (const rest of ['{"a":"', '{"a":[1', "[[", '1,"x']) {
      const events = Array.from(eachEvent(Buffer.from(`[1,${rest}]`)), text);
      expect(events.join(",")).toBe(`1,${rest}`);
    }
  });

  it.each(LENIENT)("%s: a stream names it and has its bytes, and goes on", async (value) => {
    const { stream, open } = testStream();
    const server = await open();
    send(server, 7, ['{"n":1}', bad(value)]);
    send(server, 8, ['{"n":3}']);
    const batch = await stream.nextBatch();
    const read = (): unknown => batch?.events;
    expect(read).toThrow(UnreadableEventError);
    expect(read).toThrow(expect.objectContaining({ code: "PROTOCOL", message: MESSAGE, retryable: false }));
    expect(batch?.raws.map(text)).toEqual(['{"n":1}', bad(value)]);
    if (batch) await stream.commit(batch);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 3 }]);
  });
});

describe("a consumer", () => {
  const events = ['{"n":1}', bad("007"), '{"n":9007199254740993}'];
  const failure = (options: FailureOptions<Numbered>): ConsumerOptions<Numbered> => ({ failure: options });

  it.each([
    ["onBatch", { batchLimit: 10 }],
    ["onEvent", {}],
    ["onBatch", { key: ({ n }: Numbered) => String(n) }],
  ] as const)("%s %o: skips it alone, and its handler is never called with it", async (kind, options) => {
    const seen: [number[], string[]][] = [];
    const handler =
      kind === "onEvent"
        ? { onEvent: ({ n }: Numbered) => void seen.push([[n], []]) }
        : {
            onBatch: (batch: { events: readonly Numbered[]; raws: readonly Uint8Array[] }) =>
              void seen.push([batch.events.map(({ n }) => n), batch.raws.map(text)]),
          };
    const test = testConsumer(handler, { ...options, ...failure({ onExhausted: "skip" }) });
    send(await test.open(), 7, events);
    await test.settle();
    const raws = kind === "onEvent" ? [[], []] : [[events[0]], [events[2]]];
    expect(seen).toEqual([
      [[1], raws[0]],
      [[2 ** 53], raws[1]],
    ]);
    expect([test.committed(), test.retries]).toEqual([[["0:7"]], []]);
    expect((await test.consumer.stop()).skipped).toBe(1);
  });

  it("stops at it with an error that names it, commits nothing behind it, and does not try it again", async () => {
    const seen: number[] = [];
    const test = testConsumer({ onEvent: ({ n }) => void seen.push(n) });
    const failed = test.consumer.done.catch((error: unknown) => error);
    send(await test.open(), 7, events);
    await test.settle();
    expect(await failed).toMatchObject({ code: "PROTOCOL", message: MESSAGE, eventType: "e", index: 1 });
    expect([seen, test.committed(), test.retries]).toEqual([[1], [], []]);
  });

  it("asks the policy with its bytes, which no message quotes", async () => {
    const told: HandlerFailure<Numbered>[] = [];
    const onExhausted = (one: HandlerFailure<Numbered>): "skip" => {
      told.push(one);
      return "skip";
    };
    const test = testConsumer({ onBatch: () => undefined }, failure({ onExhausted }));
    send(await test.open(), 7, ['{"n":1}', '{"iban":DE99}']);
    await test.settle();
    expect(told).toMatchObject([{ event: undefined, events: [], attempts: 1, error: { message: MESSAGE } }]);
    expect(told[0]?.raws.map(text)).toEqual(['{"iban":DE99}']);
    expect(test.committed()).toEqual([["0:7"]]);
  });

  it("hands it over as a dead letter that says what it was, and its neighbours with every digit", async () => {
    const directory = await mkdtemp(join(tmpdir(), "nakadi-letters-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const path = join(directory, "dead.ndjson");
    const sinks = { file: toFile(path), type: toEventType("dead") };
    const letters: [unknown, string][] = [];
    const test = testConsumer(
      {
        onEvent() {
          throw new Error("no");
        },
      },
      failure({
        retry: { attempts: 1 },
        onExhausted: "dead-letter",
        async deadLetter(letter, context) {
          letters.push([letter.event, text(letter.raw)]);
          await sinks.file(letter, context);
          await sinks.type(letter, context);
        },
      }),
    );
    const { transport } = test;
    transport.onRequest = ({ method, path: of }) => {
      if (method === "GET") return { status: 200, body: '{"category":"business"}' };
      return { status: of.endsWith("/cursors") ? 204 : 200 };
    };
    send(await test.open(), 7, events);
    await expect.poll(() => test.committed()).toEqual([["0:7"]]);
    expect(letters).toEqual([
      [{ n: 1 }, events[0]],
      [undefined, events[1]],
      [{ n: 2 ** 53 }, events[2]],
    ]);
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const sent = transport.requests
      .filter(({ path: of }) => of.endsWith("/dead/events"))
      .map(({ body }) => String(body));
    for (const texts of [lines, sent]) {
      expect(texts.map((line) => /"event(?:_text)?":(.*?),"attempts"/.exec(line)?.[1])).toEqual([
        events[0],
        JSON.stringify(events[1]),
        events[2],
      ]);
      for (const line of texts) expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
    for (const body of sent) expect(JSON.parse(body)).toMatchObject([{ metadata: { eid: expect.any(String) } }]);
  });
});
