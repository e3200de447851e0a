/** The conformance stories against our own broker, on each of its engines. */
import { type Broker, startBroker } from "nakadi-broker";
import { play, stories } from "nakadi-conformance";
import { FaultProxy } from "nakadi-testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ENGINES = [{ engine: "memory", start: () => startBroker({ storage: "memory" }) }];

describe.each(ENGINES)("the broker in $engine", ({ start }) => {
  let broker: Broker;
  let before: unknown;
  const everything = (): Promise<unknown> =>
    Promise.all(["/event-types", "/subscriptions"].map(async (path) => (await fetch(broker.url + path)).json()));
  beforeAll(async () => {
    broker = await start();
    before = await everything();
  });
  afterAll(async () => {
    const left = await everything();
    await broker.close();
    expect(left, "what the stories have left behind").toEqual(before);
  });

  it.concurrent.each(stories)("$name", async (story) => {
    await play(story, { baseUrl: broker.url, faultProxy: (target) => FaultProxy.start(target) });
  });
});
