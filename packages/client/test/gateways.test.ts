/** What gateways do to answers: line ends, white space, compression, links that lead in circles. */
import { describe, expect, it } from "vitest";
import type { NakadiClient } from "../src/index.ts";
import { testClient } from "./admin-client.ts";
import { scripted } from "./scripted-publisher.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { testStream } from "./test-stream.ts";

const LINE = '{"cursor":{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"},"events":[{"n":1}]}';

describe("a stream", () => {
  it.each(["\n", "\r\n", " \n", "\t \r\n", "\n\r\n\n"])("takes a line of %j for a keep-alive", async (blank) => {
    const { stream, open, retries } = testStream();
    const server = await open();
    server.send(blank);
    for (const byte of blank) server.send(byte);
    server.send(`${LINE}\r\n${blank}`);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
    expect([stream.state, retries, server.closed]).toEqual(["streaming", [], false]);
  });

  it("that is compressed is an error that names the encoding, and its connection is closed", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 200, headers: { "content-encoding": "gzip" } });
    const { open, pass, retries } = testStream({}, transport);
    await pass(20);
    await open();
    expect(retries[0]?.error).toMatchObject({
      code: "PROTOCOL",
      message: expect.stringContaining("the response has content encoding gzip, which was not requested"),
    });
    expect(transport.streams.map(({ closed }) => closed)).toEqual([true, false]);
  });
});

describe("an answer that is compressed", () => {
  const headers = { "content-encoding": "br" };
  const said = expect.stringContaining("the response has content encoding br, which was not requested");

  it("names the encoding, whatever its status", async () => {
    const { nakadi, transport } = testClient();
    for (const status of [200, 403]) {
      transport.onRequest = () => ({ status, headers, body: "\u001f\u008b" });
      await expect(nakadi.eventTypes.delete("e")).rejects.toMatchObject({ message: said });
    }
    transport.onRequest = () => ({ status: 204, headers });
    await nakadi.eventTypes.delete("e");
    transport.onRequest = () => ({ status: 200, headers: { "content-encoding": "identity" }, body: "{}" });
    await nakadi.eventTypes.delete("e");
  });

  it("fails the publisher's call, and does not say that the events are stored", async () => {
    const once = { retry: { attempts: 1 } };
    const { publisher } = scripted([{ status: 200, headers, body: "\u001f\u008b" }], once);
    const { verdicts, cause } = await publisher.publish([{ n: 1 }]);
    expect([verdicts[0]?.status, cause]).toMatchObject(["unknown", { message: said }]);
    const refused = await scripted([{ status: 422, headers, body: "\u001f\u008b" }], once).publisher.publish([
      { n: 1 },
    ]);
    expect([refused.verdicts[0]?.status, refused.cause]).toMatchObject(["unknown", { status: 422, message: said }]);
  });
});

describe("pages that lead to each other", () => {
  const lists: [string, (nakadi: NakadiClient) => { toArray(): Promise<unknown[]> }][] = [
    ["subscriptions", (nakadi) => nakadi.subscriptions.list()],
    ["schemas", (nakadi) => nakadi.schemas.list("e")],
  ];
  it.each(
    lists.flatMap(([what, list]) =>
      ["token", "none"].flatMap((link) => [1, 2, 5].map((length) => ({ what, list, link, length }))),
    ),
  )("$what, by $link links in a circle of $length: end with an error", async ({ list, link, length }) => {
    const { nakadi, transport } = testClient();
    transport.onRequest = () => {
      const at = (transport.requests.length - 1) % length;
      const href = link === "token" ? `/x?token=T${at}` : "/x";
      return { status: 200, body: JSON.stringify({ items: [{ id: at }], _links: { next: { href } } }) };
    };
    await expect(list(nakadi).toArray()).rejects.toMatchObject({
      code: "PROTOCOL",
      message: expect.stringContaining("the next page is a repeated one"),
    });
    expect(transport.requests.length).toBeLessThanOrEqual(length + 1);
  });
});

describe("lists", () => {
  it("have one shape: they are iterated, or taken as a whole, and asked for anew each time", async () => {
    const { nakadi, transport } = testClient();
    const lists = [
      [nakadi.eventTypes.list(), [{ id: 1 }]],
      [nakadi.storages.list(), [{ id: 1 }]],
      [nakadi.timelines.list("e"), [{ id: 1 }]],
      [nakadi.subscriptions.list(), { items: [{ id: 1 }], _links: {} }],
      [nakadi.schemas.list("e"), { items: [{ id: 1 }], _links: {} }],
    ] as const;
    expect(transport.requests).toEqual([]);
    for (const [list, answer] of lists) {
      transport.requests.length = 0;
      transport.onRequest = () => ({ status: 200, body: JSON.stringify(answer) });
      const iterated: unknown[] = [];
      for await (const one of list) iterated.push(one);
      expect([iterated, await list.toArray(), transport.requests.length]).toEqual([[{ id: 1 }], [{ id: 1 }], 2]);
    }
  });
});
