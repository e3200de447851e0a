/** The results of publishers under faults of the network, compared with the events of the broker. */
import fc from "fast-check";
import { NakadiClient, type Publisher, type PublisherOptions, type PublishResult, type Verdict } from "nakadi-client";
import { FaultProxy } from "nakadi-testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { testNakadi } from "../support/nakadi.ts";

interface Numbered {
  key: string;
  /** A text is against the schema. */
  n: number | string;
}

interface Story {
  proxy: FaultProxy;
  /** A publisher through the proxy, over a connection that stands. */
  publisher: Publisher<Numbered>;
  /** What the broker holds, in its order. */
  stored: () => Promise<unknown[]>;
}

const FIRST = -1;
const LAST = -2;

async function story(options: PublisherOptions<Numbered> = {}): Promise<Story> {
  const { broker, nakadi, eventType, subscription } = await testNakadi();
  const proxy = await FaultProxy.start(broker.url);
  const through = new NakadiClient({ baseUrl: proxy.url, requestTimeoutMs: 300 });
  onTestFinished(async () => {
    await through.close();
    await proxy.close();
  });
  const name = await eventType(1, { type: "object", properties: { n: { type: "integer" } } });
  const retry = { initialDelayMs: 1, maxDelayMs: 20, ...options.retry };
  const publisher = through.publisher<Numbered>(name, { throwOn: "never", ...options, retry });
  await publisher.publish(events(FIRST));
  return {
    proxy,
    publisher,
    async stored() {
      await nakadi.publisher<Numbered>(name).publish(events(LAST));
      const id = await subscription(name);
      const all: unknown[] = [];
      const stream = nakadi.stream<Numbered>(id, {
        batchLimit: 100,
        maxUncommittedEvents: 200,
        batchFlushTimeoutSeconds: 1,
      });
      for await (const batch of stream) {
        all.push(...batch.events.map(({ n }) => n));
        await stream.commit(batch);
        if (all.at(-1) === LAST) break;
      }
      return all.slice(1, -1);
    },
  };
}

function events(...numbers: (number | string)[]): Numbered[] {
  return numbers.map((n) => ({ key: "k", n }));
}

function short({ verdicts }: PublishResult): [string, boolean][] {
  return verdicts.map(({ status, mayBeDuplicated }) => [status, mayBeDuplicated]);
}

/** The broker stores it, and its answer is cut off before the first byte. */
function loseTheAnswer({ proxy }: Story): void {
  proxy.cutAfter(0);
}

/** Sent bytes never arrive, and the connection stays open. */
function loseTheRequest({ proxy }: Story): void {
  proxy.halfOpen();
}

describe("when the answer is lost behind the events' storing", () => {
  it("they are unknown, and there", async () => {
    const test = await story({ resendUnknown: false });
    loseTheAnswer(test);
    expect(short(await test.publisher.publish(events(0, 1)))).toEqual([
      ["unknown", false],
      ["unknown", false],
    ]);
    expect(await test.stored()).toEqual([0, 1]);
    expect(test.proxy.hits("cutAfter").connections).toBeGreaterThan(0);
  });

  it("they are sent again, and said to be there twice", async () => {
    const test = await story();
    loseTheAnswer(test);
    expect(short(await test.publisher.publish(events(0, 1)))).toEqual([
      ["submitted", true],
      ["submitted", true],
    ]);
    expect(await test.stored()).toEqual([0, 1, 0, 1]);
  });
});

describe("when the request is lost", () => {
  it("its events are unknown, and not there", async () => {
    const test = await story({ resendUnknown: false });
    loseTheRequest(test);
    expect(short(await test.publisher.publish(events(0)))).toEqual([["unknown", false]]);
    expect(await test.stored()).toEqual([]);
  });

  it("they are sent again, on a new connection", async () => {
    const test = await story();
    loseTheRequest(test);
    expect(short(await test.publisher.publish(events(0)))).toEqual([["submitted", true]]);
    expect(await test.stored()).toEqual([0]);
    expect(test.proxy.hits("halfOpen").connections).toBeGreaterThan(0);
  });
});

it("a bad event among good ones is named, and the good ones are there, in order", async () => {
  const { publisher, stored } = await story();
  const result = await publisher.publish(events(0, "bad", 1, 2, "bad too", 3));
  expect(
    result.verdicts.map(({ status, step }) => (status === "submitted" ? status : `${status} while ${step}`)),
  ).toEqual([
    "submitted",
    "rejected while validating",
    "submitted",
    "submitted",
    "rejected while validating",
    "submitted",
  ]);
  expect(await stored()).toEqual([0, 1, 2, 3]);
});

it("whatever happens to the connections: the verdicts agree with what the broker holds", async () => {
  const faults = {
    none: () => undefined,
    loseTheAnswer,
    loseTheRequest,
    reset: ({ proxy }: Story) => proxy.reset(),
    cut: ({ proxy }: Story) => proxy.cut(),
    refuse({ proxy }: Story) {
      proxy.refuse();
      proxy.cut();
    },
  };
  const names = Object.keys(faults) as (keyof typeof faults)[];
  const [plan = []] = fc.sample(
    fc.array(fc.record({ fault: fc.constantFrom(...names), bad: fc.option(fc.nat(4)), during: fc.boolean() }), {
      minLength: 40,
      maxLength: 40,
    }),
    1,
  );
  const test = await story({ retry: { attempts: 4 } });
  const said = new Map<number | string, string>();
  let n = 0;
  for (const { fault, bad, during } of plan) {
    const batch = events(...Array.from({ length: 5 }, (_, place) => (place === bad ? `bad ${n++}` : n++)));
    if (!during) faults[fault](test);
    const publishing = test.publisher.publish(batch);
    if (during) faults[fault](test);
    const { verdicts } = await publishing;
    test.proxy.accept();
    verdicts.forEach(({ status, mayBeDuplicated }, index) =>
      said.set(batch[index]?.n ?? "", `${status}${mayBeDuplicated ? " and perhaps twice" : ""}`),
    );
  }
  const stored = await test.stored();
  const times = (n: number | string): number => stored.filter((one) => one === n).length;
  const wrong = [...said].filter(([n, verdict]) => {
    const [status] = verdict.split(" ");
    if (status === "submitted" && times(n) === 0) return true;
    if ((status === "aborted" || status === "rejected") && times(n) > 0) return true;
    return times(n) > 1 && !verdict.endsWith("twice");
  });
  expect(wrong).toEqual([]);
  expect(new Set(said.values()).size).toBeGreaterThan(2);
});

describe("send", () => {
  it("keeps the order of each key over several batches under way, whatever happens to their connections", async () => {
    const test = await story({
      partitionKey: ({ key }) => key,
      batching: { maxEvents: 10, maxInFlight: 4, lingerMs: 1 },
      retry: { attempts: 100 },
    });
    const KEYS = 8;
    const all: Promise<Verdict>[] = [];
    for (let n = 0; n < 2_000; n += 1) {
      all.push(test.publisher.send({ key: String(n % KEYS), n }));
      if (n % 250 !== 249) continue;
      await expect.poll(() => test.proxy.connections).toBeGreaterThan(0);
      test.proxy.cut();
    }
    expect(await test.publisher.stop({ drainMs: 30_000 })).toMatchObject({ rejected: 0, aborted: 0, unknown: 0 });
    const verdicts = await Promise.all(all);
    const stored = (await test.stored()) as number[];
    for (let key = 0; key < KEYS; key += 1) {
      const mine = [...new Set(stored.filter((n) => n % KEYS === key))];
      expect(mine).toEqual(Array.from({ length: 2_000 / KEYS }, (_, index) => index * KEYS + key));
    }
    const twice = new Set(verdicts.flatMap(({ mayBeDuplicated }, n) => (mayBeDuplicated ? [n] : [])));
    expect(stored.filter((n, index) => stored.indexOf(n) !== index && !twice.has(n))).toEqual([]);
    expect(test.proxy.hits("cut").connections).toBeGreaterThan(0);
  });

  it.each(["gzip", "zstd"] as const)("%s arrives as what was sent", async (compression) => {
    const { publisher, stored } = await story({ compression });
    await Promise.all(Array.from({ length: 200 }, (_, n) => publisher.send({ key: "k".repeat(50), n })));
    expect(await stored()).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });
});
