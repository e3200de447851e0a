/** Stories accept what a real Nakadi does; what only our broker promises is asked for in strict mode alone. */
import { startBroker } from "nakadi-broker";
import { play, stories } from "nakadi-conformance";
import { describe, expect, it } from "vitest";
import { LateRelay } from "./late-relay.ts";

async function played(name: string, strict: boolean): Promise<unknown> {
  const story = stories.find((one) => one.name === name);
  if (!story) throw new Error(`There is no story ${name}.`);
  const broker = await startBroker();
  const relay = await LateRelay.start(broker.url);
  try {
    return await play(story, { baseUrl: relay.url, strict }).catch((error: unknown) => error);
  } finally {
    await relay[Symbol.asyncDispose]();
    await broker.close();
  }
}

describe.concurrent("a server that is as late as a real Nakadi", () => {
  it.each([
    "ending/commit-timer",
    "ending/commit-timeout",
    "ending/commit-after-disconnect",
    "ending/deleted",
    "client/frees-its-slot",
  ])("passes %s", async (name) => expect(await played(name, false)).toBeUndefined());

  it.each(stories.filter(({ strict }) => strict !== undefined).map(({ name }) => name))(
    "fails %s in strict mode",
    async (name) => expect(await played(name, true)).toBeInstanceOf(Error),
  );
});

it("three stories ask for more in strict mode, and say what", () => {
  expect(
    stories
      .filter(({ strict }) => strict !== undefined)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(["client/frees-its-slot", "ending/commit-timer", "ending/deleted"]);
});
