import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatchLine, batchLineSteps, eventTypeLineSteps, readBatchLine } from "./batch-line.ts";
import { BatchLineError } from "./batch-line-error.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

function readEventTypeLine(line: Uint8Array): unknown {
  return atOnce(eventTypeLineSteps(line));
}

function atOnce<T>(steps: Generator<undefined, T, undefined>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

const cursor = { partition: "0", offset: "001-0001-000000000000000004", event_type: "e.t", cursor_token: "token" };
const CURSOR = JSON.stringify(cursor);

describe("a line of a stream", () => {
  it("is a cursor and the bytes of its events, in the server's own layout", () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1 }), (events) => {
        const text = JSON.stringify(events);
        const line = readBatchLine(encode(`{"cursor":${CURSOR},"events":${text}}`));
        expect([line.cursor, decode(line.events), line.debug]).toEqual([cursor, text, undefined]);
      }),
    );
  });

  it("may have its members in any order, unknown ones and white space among them", () => {
    const members = fc.shuffledSubarray(["cursor", "events", "info", "more", "list"], { minLength: 5 });
    fc.assert(
      fc.property(
        members,
        fc.array(fc.jsonValue()),
        fc.string(),
        fc.constantFrom("", " ", "\t "),
        (order, events, debug, space) => {
          const values: Record<string, unknown> = {
            cursor,
            events,
            info: { debug },
            more: { a: ["]}"] },
            list: [1, "\\"],
          };
          const text = order
            .map((name) => `${space}"${name}"${space}:${space}${JSON.stringify(values[name])}`)
            .join(`${space},`);
          const line = readBatchLine(encode(`${space}{${text}${space}}`));
          expect([line.cursor, JSON.parse(decode(line.events) ?? ""), line.debug]).toEqual([
            cursor,
            JSON.parse(JSON.stringify(events)),
            debug,
          ]);
        },
      ),
    );
  });

  it("is read alike with what the server says at its end, whatever events look like", () => {
    const info = fc.constantFrom<object>({ debug: "x" }, {}, { debug: '],"info":{"debug":"y"}}' }, [1], { a: [] });
    const event = fc.dictionary(fc.constantFrom("a", "info", "events"), fc.oneof(info, fc.jsonValue()));
    fc.assert(
      fc.property(fc.array(event), fc.oneof(info, fc.record({ debug: fc.string() })), (events, said) => {
        const text = JSON.stringify(events);
        const line = readBatchLine(encode(`{"cursor":${CURSOR},"events":${text},"info":${JSON.stringify(said)}}`));
        const { debug } = said as { debug?: unknown };
        expect([line.cursor, decode(line.events), line.debug]).toEqual([cursor, text, debug]);
      }),
    );
  });

  it("whose last event, or another member of the line, looks like that end is not taken for it", () => {
    const like = '{"a":[1],"info":{"debug":"x"}}';
    expect(readBatchLine(encode(`{"cursor":${CURSOR},"events":[${like}]}`))).toMatchObject({
      events: encode(`[${like}]`),
    });
    const more = readBatchLine(encode(`{"cursor":${CURSOR},"events":[${like}],"more":{"info":{"debug":"y"}}}`));
    expect([decode(more.events), more.debug]).toEqual([`[${like}]`, undefined]);
  });

  it("may end in an array that is none of its events", () => {
    const line = readBatchLine(encode(`{"cursor":${CURSOR},"events":[{"a":[1],"b":"],\\""}],"list":[1]}`));
    expect(decode(line.events)).toBe('[{"a":[1],"b":"],\\""}]');
  });

  it("without events is a keep-alive, and may say something", () => {
    expect(readBatchLine(encode(`{"cursor":${CURSOR}}`))).toEqual({ cursor });
    expect(readBatchLine(encode(`{"cursor":${CURSOR},"info":{"debug":"Stream started"}}`))).toEqual({
      cursor,
      debug: "Stream started",
    });
  });

  it("says what it says even where the server did not escape it", () => {
    const line = readBatchLine(
      encode(`{"cursor":${CURSOR},"events":[{"n":1}],"info":{"debug":"said "no" }{ to \\ it"}}`),
    );
    expect([decode(line.events), line.debug]).toEqual(['[{"n":1}]', 'said "no" }{ to \\ it']);
  });

  it.each([
    "",
    "null",
    "[]",
    "<html>",
    "{}",
    '{"cursor"}',
    '{"cursor":7}',
    '{"cursor":{}}',
    '{"cursor":null,"events":[]}',
    `{"cursor":${CURSOR.replace('"0"', "0")}}`,
    `{"cursor":${CURSOR.replace('"token"', '""')}}`,
    `{"cursor":${CURSOR},"events":{}}`,
    `{"cursor":${CURSOR},"events":[`,
    `{"cursor":${CURSOR.slice(0, -1)}`,
    `{"cursor":${CURSOR} "events":[]}`,
    '{"title":"Forbidden","status":403}',
  ])("%j is none", (text) => {
    expect(() => readBatchLine(encode(text))).toThrow(BatchLineError);
  });

  it.each([
    ["in the server's own layout", (events: string) => `{"cursor":${CURSOR},"events":${events}}`],
    ["with what the server says", (events: string) => `{"cursor":${CURSOR},"events":${events},"info":{"debug":"x"}}`],
    ["in another layout", (events: string) => `{"events":${events}, "cursor":${CURSOR}}`],
  ])("that is long is read in many short steps, %s", (_, lineOf) => {
    for (const event of ['{"a":"x"}', '{"a":[1],"b":2}', `{"a":"${"x".repeat(50_000)}"}`]) {
      const events = `[${Array.from({ length: 6_000_000 / event.length }, () => event).join(",")}]`;
      const reading = batchLineSteps(encode(lineOf(events)));
      let steps = 0;
      let line: BatchLine | undefined;
      for (let step = reading.next(); ; step = reading.next()) {
        steps += 1;
        if (!step.done) continue;
        line = step.value;
        break;
      }
      expect(steps).toBeGreaterThan(5);
      expect(decode(line.events) === events).toBe(true);
    }
  });

  it("never fails in another way, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(150), (noise, at) => {
        const line = encode(`{"cursor":${CURSOR},"events":[{"a":"b"}],"info":{"debug":"x"}}`);
        line.set(noise.subarray(0, Math.max(0, line.length - at)), Math.min(at, line.length));
        try {
          readBatchLine(line);
        } catch (error) {
          expect(error).toBeInstanceOf(BatchLineError);
        }
      }),
    );
  });
});

describe("a line of an event type's stream", () => {
  it("has a cursor of one partition and nothing else", () => {
    const cursor = '{"partition":"0","offset":"7"}';
    const line = encode(`{"cursor":${cursor},"events":[{"a":1}]}`);
    const { events, ...rest } = atOnce(eventTypeLineSteps(line));
    expect([rest, Buffer.from(events ?? []).toString()]).toEqual([
      { cursor: JSON.parse(cursor) as object },
      '[{"a":1}]',
    ]);
    expect(readEventTypeLine(encode(`{"cursor":${cursor}}`))).toEqual({ cursor: JSON.parse(cursor) as object });
  });

  it("may be a problem, when the server has taken the permission to read away", () => {
    expect(() => readEventTypeLine(encode('{"title":"Forbidden","status":403}'))).toThrow(BatchLineError);
  });

  it("is not a line of a subscription's stream", () => {
    expect(() => readBatchLine(encode('{"cursor":{"partition":"0","offset":"7"}}'))).toThrow("no event_type");
  });
});
