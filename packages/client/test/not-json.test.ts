/** Events and contents that JSON has no words for are refused before anything is sent, and never quoted. */
import { describe, expect, it } from "vitest";
import type { Tombstone } from "../src/index.ts";
import { scripted } from "./scripted-publisher.ts";

const secret = {
  toJSON() {
    throw new Error("s3cret");
  },
};

describe("an event that JSON cannot say", () => {
  const hole: object[] = [];
  hole[1] = { n: 1 };
  it.each<[string, unknown[], string]>([
    ["undefined", [undefined, { n: 1 }], "events[0] must be a JSON object"],
    ["a hole", hole, "events[0] must be a JSON object"],
    ["NaN", [{ n: 1 }, { price: Number.NaN }], "events[1] must be what JSON can say: no NaN and no Infinity"],
    ["BigInt", [{ n: 1n }], "events[0] must be what JSON can say: no BigInt"],
    ["toJSON that throws", [secret], "events[0] must be what JSON can say: no toJSON that throws"],
    ["a member whose toJSON throws", [{ secret }], "events[0] must be what JSON can say: no cycle"],
  ])("%s: publish and send say so", async (_, events, message) => {
    const { publisher, transport } = scripted([]);
    await expect(publisher.publish(events)).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringContaining(message),
    });
    const wrong = events[message.startsWith("events[1]") ? 1 : 0];
    const error: unknown = await publisher.send(wrong).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "CONFIG",
      message: expect.stringContaining(message.replace(/^events\[\d\]/, "event")),
    });
    expect(String((error as Error).stack)).not.toContain("s3cret");
    expect(transport.requests).toEqual([]);
  });

  it("neither can a tombstone", async () => {
    const { publisher, transport } = scripted([]);
    const holes: Tombstone[] = [];
    holes.length = 1;
    await expect(publisher.delete(holes)).rejects.toMatchObject({ code: "CONFIG", path: "tombstones[0]" });
    expect(transport.requests).toEqual([]);
  });
});

it("the content of an administrative request is held to the same", async () => {
  const { nakadi, transport } = scripted([]);
  const wrong = { options: { retention_time: Number.NaN } };
  const type = {
    name: "e",
    owning_application: "a",
    category: "undefined",
    schema: { type: "json_schema", schema: "{}" },
  };
  await expect(nakadi.eventTypes.create({ ...type, ...wrong } as never)).rejects.toMatchObject({
    code: "CONFIG",
    message: "the request's content must be what JSON can say: no NaN and no Infinity",
  });
  expect(transport.requests).toEqual([]);
});
