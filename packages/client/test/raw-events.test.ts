/** Events that are published from their own text: not a digit changes, and metadata are filled in all the same. */
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { rawEvent } from "../src/index.ts";
import { scripted } from "./scripted-publisher.ts";

const TEXT = '{ "account": 9007199254740993, "factor": 1.0, "text": "\\u00e9" }';

it.each([
  ["a text", TEXT],
  ["bytes", Buffer.from(TEXT)],
])("%s goes out as it is written, by publish and by send", async (_, given) => {
  const { publisher, transport, inTime } = scripted([]);
  await publisher.publish([rawEvent(given), { n: 1 }]);
  await inTime(publisher.send(rawEvent(given)));
  expect(transport.requests.map(({ body }) => body)).toEqual([`[${TEXT},{"n":1}]`, `[${TEXT}]`]);
});

it.each([
  ['{"n":1.0}', /^\[\{"metadata":\{"eid":"[\w-]{36}","occurred_at":"[^"]+"\},"n":1\.0\}\]$/],
  [
    '{"n":1.0,"metadata":{"flow_id":"f"}}',
    /^\[\{"n":1\.0,"metadata":\{"eid":"[\w-]{36}","occurred_at":"[^"]+","flow_id":"f"\}\}\]$/,
  ],
  [
    '{"metadata":{"eid":null,"occurred_at":"then"},"n":1.0}',
    /^\[\{"metadata":\{"eid":"[\w-]{36}","occurred_at":"then"\},"n":1\.0\}\]$/,
  ],
  ['{"metadata":{"eid":"mine","occurred_at":"then"},"n":1.0}', /^\[\{"metadata":\{"eid":"mine",.*"n":1\.0\}\]$/],
  ['{"metadata":5,"n":1.0}', /^\[\{"metadata":5,"n":1\.0\}\]$/],
])("%s of category business gets what it lacks, whether the category is known or asked for", async (text, expected) => {
  for (const options of [{ category: "business" as const }, {}]) {
    const { transport, nakadi } = scripted([], options);
    transport.onRequest = ({ method }) => ({ status: 200, body: method === "GET" ? '{"category":"business"}' : "" });
    const { verdicts } = await nakadi.publisher("e", options).publish([rawEvent(text)]);
    expect(String(transport.requests.at(-1)?.body)).toMatch(expected);
    if (!text.includes('"metadata":5')) expect(verdicts[0]?.eid).toMatch(/^mine$|^[\w-]{36}$/);
  }
});

it("its key is that of the object", async () => {
  const keys: unknown[] = [];
  const { publisher, inTime } = scripted([], {
    partitionKey: (event) => {
      keys.push(event);
      return undefined;
    },
  });
  await inTime(publisher.send(rawEvent('{"order":"a"}')));
  expect(keys).toEqual([{ order: "a" }]);
});

it.each(["007", "[1]", '"a"', "", "{", "null"])("%s is refused as an event, and is not quoted", async (text) => {
  const { publisher, transport } = scripted([]);
  const wrong = { code: "CONFIG", message: "events[0] must be a JSON object" };
  await expect(publisher.publish([rawEvent(text)])).rejects.toMatchObject(wrong);
  expect(transport.requests).toEqual([]);
});

it("what is neither a text nor bytes is refused, and neither inspect nor JSON shows it", () => {
  expect(() => rawEvent({} as string)).toThrow("json must be a text, or its bytes");
  expect(inspect(rawEvent('{"iban":"DE99"}'), { depth: 9, showHidden: true })).not.toContain("DE99");
  expect(JSON.stringify(rawEvent('{"iban":"DE99"}'))).not.toContain("DE99");
});
