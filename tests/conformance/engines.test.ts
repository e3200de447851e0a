/** The conformance stories against our own broker, on each of its engines. */
import { type Broker, startBroker } from "nakadi-broker";
import { play, stories } from "nakadi-conformance";
import { FaultProxy } from "nakadi-testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ENGINES = [{ engine: "memory", start: () => startBroker({ storage: "memory" }) }];

describe.each(ENGINES)("the broker in $engine", ({ start }) => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await start();
  });
  afterAll(async () => {
    const left = await Promise.all(
      ["/event-types", "/subscriptions"].map(
        async (path) => (await fetch(broker.url + path)).json() as Promise<unknown>,
      ),
    );
    await broker.close();
    expect(left, "what the stories have left behind").toMatchObject([[], { items: [] }]);
  });

  it.concurrent.each(stories)("$name", async (story) => {
    await play(story, { baseUrl: broker.url, faultProxy: (target) => FaultProxy.start(target) });
  });
});
