import fc from "fast-check";
import { expect, it } from "vitest";
import { serverMessages } from "./server-message.ts";

const tracking =
  "Auto DLQ failed commits tracking: {e:0 failedCommitsCount=2 lastDeadLetterOffset=null}, {e.x:1 failedCommitsCount=0 lastDeadLetterOffset=001-0001-000000000000000007}";
const tracked = {
  kind: "dead-letter-tracking",
  partitions: [
    { event_type: "e", partition: "0", failedCommits: 2, lastDeadLetterOffset: undefined },
    { event_type: "e.x", partition: "1", failedCommits: 0, lastDeadLetterOffset: "001-0001-000000000000000007" },
  ],
};

it.each<[string, unknown[]]>([
  ["Stream started", [{ kind: "stream-started", eventsLost: 0 }]],
  [
    "Stream started; skipped events due to retention time passed, count: 17",
    [{ kind: "stream-started", eventsLost: 17 }],
  ],
  ["Commit timeout reached", [{ kind: "commit-timeout" }]],
  ["Stream timeout reached", [{ kind: "stream-timeout" }]],
  ["Stream limit in events reached: 12", [{ kind: "stream-limit", events: 12 }]],
  ["Resetting subscription cursors", [{ kind: "cursors-reset" }]],
  ["Consumption is blocked", [{ kind: "consumption-blocked" }]],
  ["Stream parameters are causing overflow", [{ kind: "overflow" }]],
  [tracking, [tracked]],
  [
    `Stream started; skipped events due to retention time passed, count: 3; ${tracking}`,
    [{ kind: "stream-started", eventsLost: 3 }, tracked],
  ],
  ["Something new", [{ kind: "unknown", text: "Something new" }]],
  [
    "Stream started; Something new",
    [
      { kind: "stream-started", eventsLost: 0 },
      { kind: "unknown", text: "Something new" },
    ],
  ],
  ["", []],
])("%s", (text, messages) => expect(serverMessages(text)).toEqual(messages));

it("whatever the server says, it is passed on and nothing throws", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const messages = serverMessages(text);
      expect(messages.every(({ kind }) => typeof kind === "string")).toBe(true);
    }),
  );
});

it("takes a million spaces within a text, and separators at its ends", () => {
  const text = `a${"; ".repeat(500_000)}b`;
  expect(serverMessages(`; ${text}; `)).toEqual([{ kind: "unknown", text }]);
});

it("takes texts of any length in proportion to them", () => {
  const sentences = "Commit timeout reached; ".repeat(50_000);
  expect(serverMessages(sentences)).toHaveLength(50_000);
  for (const lane of [`{${":".repeat(500_000)}`, `{${":a failedCommitsCount=1".repeat(50_000)}`, "{a:".repeat(200_000)])
    expect(serverMessages(`Auto DLQ failed commits tracking: ${lane}`)).toHaveLength(1);
  const many = "{e:0 failedCommitsCount=1 lastDeadLetterOffset=null}, ".repeat(50_000);
  const [message] = serverMessages(`Auto DLQ failed commits tracking: ${many}`);
  expect(message).toMatchObject({ kind: "dead-letter-tracking", partitions: { length: 50_000 } });
});
