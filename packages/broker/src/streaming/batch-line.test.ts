import { expect, it } from "vitest";
import { batchLine } from "./batch-line.ts";

const cursor = '{"partition":"0"}';
const event = (text: string): { value: Uint8Array } => ({ value: Buffer.from(text) });

it.each<[events: string[], debug: string | undefined, line: string]>([
  [[], undefined, '{"cursor":{"partition":"0"}}\n'],
  [[], "Stream started", '{"cursor":{"partition":"0"},"info":{"debug":"Stream started"}}\n'],
  [['{"a": 1.0}'], undefined, '{"cursor":{"partition":"0"},"events":[{"a": 1.0}]}\n'],
  [["{}", "{}"], "both", '{"cursor":{"partition":"0"},"events":[{},{}],"info":{"debug":"both"}}\n'],
])("a line of %j and %j is one buffer, its members in the server's order", (events, debug, line) => {
  expect(batchLine(cursor, events.map(event), debug).toString()).toBe(line);
});
