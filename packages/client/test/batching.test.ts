/** `send`: single events in batches, in the order of their keys. */
import zlib from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { NakadiClient, type PublisherOptions, type Verdict } from "../src/index.ts";
import { ModelBroker, type Weather } from "./model-broker.ts";
import { byKey, held, items, type Keyed, keyed, scripted, sendAll, status } from "./scripted-publisher.ts";
import { settle } from "./test-stream.ts";
import { weather } from "./weather.ts";

/** Until everything has happened that needs no time. */
const quiet = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("a batch goes", () => {
  it("when its oldest event has lingered", async () => {
    const { publisher, clock, sent } = held({ batching: { lingerMs: 20 } });
    void sendAll(publisher, keyed("a", 0));
    clock.advance(19);
    void sendAll(publisher, keyed("a", 1));
    await settle();
    expect(sent()).toEqual([]);
    clock.advance(1);
    await settle();
    expect(sent()).toEqual([[0, 1]]);
  });

  it("when it is full, by count or by bytes", async () => {
    for (const batching of [{ maxEvents: 2 }, { maxBytes: 40 }]) {
      const { publisher, sent, answer } = held({ batching: { lingerMs: 1_000, ...batching } });
      void sendAll(publisher, ...[0, 1, 2, 3, 4].map((n) => keyed("a", n)));
      await settle();
      await answer();
      await answer();
      expect(sent()).toEqual([
        [0, 1],
        [2, 3],
      ]);
    }
  });

  it("beside others, but never two of one key: what is behind waits, also while the first is sent again", async () => {
    const { publisher, sent, answer, clock } = held({
      ...(byKey as PublisherOptions),
      batching: { lingerMs: 0, maxInFlight: 3 },
    });
    void sendAll(publisher, keyed("a", 0));
    clock.advance(0);
    void sendAll(publisher, keyed("a", 1), keyed("b", 2));
    clock.advance(0);
    await settle();
    expect(sent()).toEqual([[0], [2]]);
    await answer(503);
    clock.advance(1_000);
    await settle();
    expect(sent()).toEqual([[0], [2], [0]]);
    await answer();
    await answer();
    clock.advance(0);
    await settle();
    expect(sent()).toEqual([[0], [2], [0], [1]]);
  });

  it("one at a time without a key", async () => {
    const { publisher, sent, answer, clock } = held({ batching: { lingerMs: 0 } });
    void sendAll(publisher, keyed("a", 0));
    clock.advance(0);
    void sendAll(publisher, keyed("b", 1));
    clock.advance(0);
    await settle();
    expect(sent()).toEqual([[0]]);
    await answer();
    clock.advance(0);
    await settle();
    expect(sent()).toEqual([[0], [1]]);
  });
});

describe("each call has its own end", () => {
  it("GO13: a bad event fails its own caller only", async () => {
    const { transport, nakadi, clock } = scripted([]);
    transport.willAnswer(items(422, ["aborted", "validating"], ["failed", "validating", "bad"], ["aborted", "none"]));
    const publisher = nakadi.publisher<Keyed>("e", { category: "undefined" });
    const sending = Promise.allSettled(sendAll(publisher, keyed("a", 0), keyed("a", 1), keyed("a", 2)));
    clock.advance(5);
    expect(await sending).toMatchObject([
      { value: { status: "submitted" } },
      { reason: { code: "PUBLISH", verdicts: [{ status: "rejected", detail: "bad" }] } },
      { value: { status: "submitted" } },
    ]);
  });

  it("a value that is not an event is refused alone", async () => {
    const { publisher, clock, sent } = scripted([], { batching: { lingerMs: 1 } });
    const sending = Promise.allSettled([publisher.send({ n: 0 }), publisher.send("text"), publisher.send({ n: 1n })]);
    await settle();
    clock.advance(1);
    expect(await sending).toMatchObject([
      { value: { status: "submitted" } },
      { reason: { code: "CONFIG" } },
      { reason: { code: "CONFIG" } },
    ]);
    expect(sent()).toEqual([[0]]);
  });

  it("an event beyond the limit is rejected before anything is sent", async () => {
    const { publisher, inTime, transport } = scripted([], { maxEventBytes: 10 });
    expect(await inTime(publisher.send({ text: "too long" }))).toMatchObject({ status: "rejected" });
    expect(transport.requests).toEqual([]);
  });

  it("an event is sent as it was when it was taken, with metadata, also while the category is asked for", async () => {
    const test = scripted([{ status: 200, body: '{"category":"business"}' }]);
    const publisher = test.nakadi.publisher<Keyed>("e");
    const event = keyed("a", 1);
    const sending = publisher.send(event);
    event.n = 2;
    const { eid } = await test.inTime(sending);
    const [, post] = test.transport.requests;
    expect(JSON.parse(String(post?.body))).toMatchObject([{ n: 1, metadata: { eid } }]);
  });
});

describe("back-pressure", () => {
  it("`ready` waits for room, and so does `send`: events beyond are taken when others are through, in order", async () => {
    const { publisher, sent, answer, clock } = held({ batching: { lingerMs: 1, maxPendingEvents: 2 } });
    let ready = 0;
    const all = Promise.all(sendAll(publisher, ...[0, 1, 2, 3, 4].map((n) => keyed("a", n))));
    void publisher.ready().then(() => (ready = sent().length));
    for (const expected of [
      [[0, 1]],
      [
        [0, 1],
        [2, 3],
      ],
      [[0, 1], [2, 3], [4]],
    ]) {
      clock.advance(1);
      await settle();
      expect(sent()).toEqual(expected);
      await answer();
    }
    expect((await all).map(status)).toEqual(Array(5).fill("submitted"));
    // When the third batch was on its way, one event was left and there was room for another.
    expect(ready).toBe(2);
  });

  it("counts bytes as well", async () => {
    const { publisher, sent, clock } = held({ batching: { lingerMs: 1, maxPendingBytes: 20 } });
    void sendAll(publisher, keyed("a", 0), keyed("a", 1), keyed("a", 2));
    clock.advance(1);
    await settle();
    expect(sent()).toEqual([[0, 1]]);
  });
});

describe("flush", () => {
  it("waits for no age, and for every event that was sent before it, not for those behind", async () => {
    const { publisher, answer, sent } = held({
      ...(byKey as PublisherOptions),
      batching: { lingerMs: 60_000, maxPendingEvents: 2 },
    });
    let flushed = false;
    void sendAll(publisher, keyed("a", 0), keyed("b", 1), keyed("c", 2));
    const flushing = publisher.flush().then(() => (flushed = true));
    void sendAll(publisher, keyed("d", 3));
    await answer();
    expect([sent(), flushed]).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      false,
    ]);
    await answer();
    await flushing;
  });

  it("of nothing is over at once", async () => {
    await held().publisher.flush();
  });
});

describe("compression", () => {
  const long = { text: "x".repeat(2_000) };

  it("gzip: a body of a kilobyte, not a short one; NJ4: and no other request's headers", async () => {
    const { publisher, transport, nakadi } = scripted([], { compression: "gzip" });
    await publisher.publish([long]);
    await publisher.publish([{}]);
    await nakadi.publisher("e", { category: "undefined" }).publish([long]);
    const [first, ...others] = transport.requests;
    expect(first?.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(zlib.gunzipSync(first?.body as Uint8Array).toString())).toEqual([long]);
    expect(others.map(({ headers }) => headers["content-encoding"])).toEqual([undefined, undefined]);
  });

  it("zstd: by Node, or by the package beside it", async () => {
    const { publisher, transport } = scripted([], { compression: "zstd" });
    expect((await publisher.publish([long])).verdicts).toMatchObject([{ status: "submitted" }]);
    await publisher.publish([{}]);
    const [first, second] = transport.requests;
    expect([first, second].map((one) => one?.headers["content-encoding"])).toEqual(["zstd", undefined]);
    const zstd = await Zstd.load();
    expect(JSON.parse(Buffer.from(zstd.decompress(first?.body as Uint8Array)).toString())).toEqual([long]);
  });
});

it("invariant 9: whatever happens to batches under way, verdicts are true, and each key's events are in order", async () => {
  const passing = weather.filter((one) => one.kind !== "items");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d"), pauseMs: fc.constantFrom(0, 0, 3, 40) }), {
        maxLength: 40,
      }),
      fc.array(passing, { maxLength: 15 }),
      fc.array(fc.nat(200), { minLength: 1, maxLength: 5 }),
      fc.record({
        maxEvents: fc.integer({ min: 1, max: 8 }),
        maxInFlight: fc.integer({ min: 1, max: 4 }),
        maxPendingEvents: fc.integer({ min: 1, max: 20 }),
      }),
      async (plan, sky: readonly Weather[], delaysMs, batching) => {
        const clock = new ManualClock();
        const broker = new ModelBroker(clock, sky, delaysMs);
        const nakadi = new NakadiClient({ baseUrl: "http://x", transport: broker, clock, random: () => 0.5 });
        const publisher = nakadi.publisher<Keyed>("e", { ...byKey, throwOn: "never", category: "business", batching });
        const sending: Promise<Verdict>[] = [];
        let over = false;
        const sends = async (): Promise<void> => {
          for (const [n, { key, pauseMs }] of plan.entries()) {
            sending.push(publisher.send({ key, n }));
            if (pauseMs > 0) await new Promise<void>((resolve) => clock.schedule(pauseMs, resolve));
          }
          await publisher.stop({ drainMs: 1_000_000 });
          over = true;
        };
        const done = sends();
        for (await quiet(); !over; await quiet()) clock.advance(clock.nextInMs ?? 0);
        await done;
        const verdicts = await Promise.all(sending);
        verdicts.forEach((verdict, n) => {
          const times = broker.stored.filter((one) => one === n).length;
          if (verdict.status === "submitted") expect(times).toBeGreaterThan(0);
          if (verdict.status === "rejected" || verdict.status === "aborted") expect(times).toBe(0);
          if (times > 1) expect(verdict.mayBeDuplicated).toBe(true);
        });
        for (const key of ["a", "b", "c", "d"]) {
          const mine = [...new Set(broker.stored.filter((n) => plan[n]?.key === key))];
          expect(mine).toEqual([...mine].sort((a, b) => a - b));
        }
        expect(clock.pending).toBe(0);
        await nakadi.close();
      },
    ),
    { numRuns: 300 },
  );
});
