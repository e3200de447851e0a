import { expect, it } from "vitest";
import { ManualClock, startNakadi } from "../src/index.ts";

it("a broker and a client for a test, which end together", async () => {
  const { broker, nakadi, stop } = await startNakadi();
  const schema = { type: "json_schema", schema: "{}" } as const;
  await nakadi.eventTypes.create({ name: "e", owning_application: "test", category: "undefined", schema });
  const { id } = await nakadi.subscriptions.ensure({ owning_application: "test", event_types: ["e"] });
  await nakadi.publisher("e").publish([{ n: 1 }]);
  const stream = nakadi.stream(id, { batchFlushTimeoutSeconds: 1 });
  expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
  await Promise.all([stop(), stop()]);
  expect(await stream.nextBatch()).toBeUndefined();
  await expect(fetch(`${broker.url}/health`)).rejects.toThrow("fetch failed");
});

it("passes options on to the broker and to the client", async () => {
  const clock = new ManualClock();
  const { broker, nakadi, stop } = await startNakadi({ clock, client: { requestTimeoutMs: 5_000 } });
  expect(broker.clock).toBe(clock);
  expect(await nakadi.eventTypes.list({ owningApplication: "test" }).toArray()).toEqual([]);
  await stop();
});

it("of which one cannot be made leaves none of the other", async () => {
  const servers = (): string[] => process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap");
  await expect(startNakadi({ client: { requestTimeoutMs: 0 } })).rejects.toMatchObject({ code: "CONFIG" });
  await expect.poll(servers).toEqual([]);
});

it.each<[options: object, path: string, said: string]>([
  [{ clinet: {} }, "options.clinet", "did you mean client?"],
  [{ store: { directory: "x" } }, "options.store", "did you mean storage?"],
  [{ client: { tokne: () => "secret" } }, "options.tokne", "did you mean token?"],
  [{ client: { baseUrl: "http://x" } }, "options.client.baseUrl", "the broker's"],
  [{ client: 7 }, "options.client", "an object"],
])("refuses %j", async (options, path, said) => {
  const refused: unknown = await startNakadi(options).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "CONFIG", path });
  expect((refused as Error).message).toContain(said);
});
