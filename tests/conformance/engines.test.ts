/** The conformance stories against our own broker, on each of its engines. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, startBroker, type StorageOption } from "nakadi-broker";
import { play, stories } from "nakadi-conformance";
import { FaultProxy } from "nakadi-testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ENGINES = [
  ["in memory", (): StorageOption => "memory"],
  ["on disk", (directory: string): StorageOption => ({ directory })],
] as const;

describe.each(ENGINES)("the broker %s", (_engine, storageIn) => {
  let broker: Broker;
  let directory: string;
  let before: unknown;
  const everything = (): Promise<unknown> =>
    Promise.all(["/event-types", "/subscriptions"].map(async (path) => (await fetch(broker.url + path)).json()));
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nakadi-conformance-"));
    broker = await startBroker({ storage: storageIn(directory) });
    before = await everything();
  });
  afterAll(async () => {
    const left = await everything();
    await broker.close();
    await rm(directory, { recursive: true });
    expect(left, "what the stories have left behind").toEqual(before);
  });

  // `$name` would be quoted and cut short.
  it.concurrent.each(stories.map((story) => [story.name, story] as const))("%s", async (_name, story) => {
    await play(story, { baseUrl: broker.url, strict: true, faultProxy: (target) => FaultProxy.start(target) });
  });
});
