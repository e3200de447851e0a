/** How a publisher ends: what it was given has its verdict, in bounded time. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { NakadiClient } from "../src/index.ts";
import { held, type Keyed, keyed, sendAll, status } from "./scripted-publisher.ts";
import { settle } from "./test-stream.ts";

describe("stop", () => {
  it("loses nothing that was sent before it, takes nothing behind it, and reports", async () => {
    const { publisher, answer, clock } = held({ batching: { lingerMs: 60_000, maxPendingEvents: 2 } });
    const all = Promise.all(sendAll(publisher, ...[0, 1, 2].map((n) => keyed("a", n))));
    const stopping = publisher.stop();
    const late = publisher.send(keyed("a", 3));
    await answer();
    await answer();
    expect((await all).map(status)).toEqual(Array(3).fill("submitted"));
    expect(await late).toMatchObject({ status: "aborted", detail: "the publisher is closed" });
    expect(await stopping).toEqual({ submitted: 3, rejected: 0, aborted: 0, unknown: 0 });
    expect(await publisher.stop()).toEqual(await stopping);
    expect(clock.pending).toBe(0);
  });

  it("is bounded: what has no verdict in time is unknown where it was under way, aborted where it was not", async () => {
    const { publisher, clock } = held({ batching: { maxEvents: 1 } });
    const all = Promise.all(sendAll(publisher, keyed("a", 0), keyed("a", 1)));
    const stopping = publisher.stop({ drainMs: 1_000 });
    await settle();
    clock.advance(1_000);
    expect((await all).map(status)).toEqual(["unknown", "aborted"]);
    expect(await stopping).toEqual({ submitted: 0, rejected: 0, aborted: 1, unknown: 1 });
    expect(clock.pending).toBe(0);
  });

  it("waits for `publish` as well", async () => {
    const { publisher, answer } = held();
    const publishing = publisher.publish([keyed("a", 0)]);
    const stopping = publisher.stop();
    await answer();
    expect((await publishing).verdicts).toMatchObject([{ status: "submitted" }]);
    expect(await stopping).toMatchObject({ submitted: 1 });
  });
});

describe("close", () => {
  it("ends every call now: aborted or unknown, and GO13: what comes later does no harm", async () => {
    const { publisher, clock } = held({ batching: { maxEvents: 1, maxPendingEvents: 2 } });
    const all = Promise.all(sendAll(publisher, ...[0, 1, 2].map((n) => keyed("a", n))));
    const publishing = publisher.publish([keyed("a", 9)]);
    await settle();
    await publisher.close();
    await publisher.close();
    expect((await all).map(status)).toEqual(["unknown", "aborted", "aborted"]);
    expect((await publishing).verdicts.map(status)).toEqual(["unknown"]);
    expect(status(await publisher.send(keyed("a", 3)))).toBe("aborted");
    expect((await publisher.publish([keyed("a", 4)])).verdicts.map(status)).toEqual(["aborted"]);
    await publisher.flush();
    await publisher.ready();
    expect(clock.pending).toBe(0);
  });

  it("calls what still waits for a connection, or for its token, aborted: it is certainly not sent", async () => {
    let seen = 0;
    const server = http.createServer(() => (seen += 1));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [token, expected] of [
      [undefined, ["unknown", "aborted", "aborted"]],
      [() => new Promise<string>(() => undefined), ["aborted", "aborted", "aborted"]],
    ] as const) {
      const nakadi = new NakadiClient({ baseUrl, maxConnections: 1, ...(token && { token }) });
      const publisher = nakadi.publisher<Keyed>("e", { throwOn: "never", category: "undefined" });
      seen = 0;
      const all = Promise.all([0, 1, 2].map((n) => publisher.publish([keyed("a", n)])));
      if (!token) await expect.poll(() => seen).toBe(1);
      await publisher.close();
      expect((await all).flatMap(({ verdicts }) => verdicts).map(status)).toEqual(expected);
      await nakadi.close();
    }
  });

  it("of the client closes its publishers", async () => {
    const { publisher, nakadi } = held({ batching: { lingerMs: 60_000 } });
    const sending = publisher.send(keyed("a", 0));
    await nakadi.close();
    expect(status(await sending)).toBe("aborted");
  });

  it("while the category is asked for: nothing was sent", async () => {
    const { nakadi } = held();
    const publisher = nakadi.publisher<Keyed>("e", { throwOn: "never", batching: { maxEvents: 1 } });
    const sending = publisher.send(keyed("a", 0));
    await settle();
    await publisher.close();
    expect(status(await sending)).toBe("aborted");
  });
});
