/**
 * Bugs of other clients' publishing, by their names in the survey of clients: what each did, and that it is not done here. Those
 * that a test beside this one shows already have their names there: FA1, KA1, S10, GO13, NN5, NJ4.
 */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { NakadiClient, type PublishError, TransportError } from "../src/index.ts";
import type { Answer } from "./scripted-transport.ts";
import { events, items, ONCE, scripted } from "./scripted-publisher.ts";
import { settle } from "./test-stream.ts";

const problem = (status: number, body: object): Answer => ({ status, body: JSON.stringify(body) });

describe("go-nakadi", () => {
  it.each([
    [1, 1],
    [3, 3],
  ])(
    "GO11: `retry` says what it does: with %i attempts there are %i requests, and settings count only where they apply",
    async (attempts, requests) => {
      const { publisher, transport, inTime } = scripted([], { retry: { attempts, initialDelayMs: 1, maxDelayMs: 1 } });
      transport.onRequest = () => ({ status: 503 });
      await inTime(publisher.publish(events(1)));
      expect(transport.requests).toHaveLength(requests);
    },
  );

  it("GO12: a 422 with a problem object is read, and the error says what was tried", async () => {
    const { nakadi } = scripted([problem(422, { title: "Unprocessable Entity", status: 422, detail: "header tag" })]);
    const publishing = nakadi.publisher("e", { category: "undefined" }).publish(events(2));
    await expect(publishing).rejects.toMatchObject({
      code: "PUBLISH",
      request: "POST /event-types/e/events",
      cause: { status: 422, problem: { detail: "header tag" } },
      verdicts: [{ status: "rejected", detail: "HTTP 422: header tag" }, { status: "rejected" }],
    });
  });

  it("GO12: after a 207 only what was not stored is sent again", async () => {
    const { publisher, sent, inTime } = scripted([
      items(207, ["submitted", "publishing"], ["failed", "publishing"], ["submitted", "publishing"]),
    ]);
    await inTime(publisher.publish(events(3)));
    expect(sent()).toEqual([[0, 1, 2], [1]]);
  });

  it("GO13: an event that is larger than a batch goes alone, and calls that cannot wait are aborted by their signal", async () => {
    const { publisher, sent, clock } = scripted([], { batching: { maxBytes: 60 } });
    const sending = [{ n: 0 }, { n: 1, text: "x".repeat(100) }, { n: 2 }].map((event) => publisher.send(event));
    for (let turn = 0; turn < 3; turn += 1) {
      await settle();
      clock.advance(5);
    }
    await Promise.all(sending);
    expect(sent()).toEqual([[0], [1], [2]]);
  });
});

describe("fahrschein", () => {
  it("FA1: of a 207 with nothing but aborted events all are sent again, and never an empty list", async () => {
    const { publisher, sent, inTime } = scripted([items(207, ["aborted", "publishing"], ["aborted", "publishing"])]);
    expect((await inTime(publisher.publish(events(2)))).verdicts.map(({ status }) => status)).toEqual([
      "submitted",
      "submitted",
    ]);
    expect(sent()).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it("FA1: what is aborted before the first failed event is not forgotten", async () => {
    const { publisher, sent, inTime } = scripted([
      items(207, ["aborted", "publishing"], ["failed", "publishing"], ["submitted", "publishing"]),
    ]);
    await inTime(publisher.publish(events(3)));
    expect(sent()[1]).toEqual([0, 1]);
  });

  it("FA2: a call that is interrupted in a back-off does not return as if it had published", async () => {
    const { publisher, clock } = scripted([{ status: 503 }]);
    const abort = new AbortController();
    const publishing = publisher.publish(events(1), { signal: abort.signal });
    await settle();
    expect(clock.pending).toBe(1);
    abort.abort(new Error("interrupted"));
    await expect(publishing).rejects.toThrow("interrupted");
  });

  it.each<[name: string, answer: Answer]>([
    ["a lost connection", new TransportError("reset")],
    ["a 429", { status: 429 }],
    ["a 502", { status: 502 }],
  ])("FA2: %s is tried again", async (_name, answer) => {
    const { publisher, sent, inTime } = scripted([answer]);
    expect((await inTime(publisher.publish(events(1)))).verdicts[0]?.status).toBe("submitted");
    expect(sent()).toHaveLength(2);
  });
});

describe("nakadi-java", () => {
  it("NJ5: a caller that ignores the results learns that events are not stored", async () => {
    const { nakadi, transport, clock } = scripted([], {});
    transport.onRequest = () => items(422, ["failed", "validating", "bad"]);
    const publisher = nakadi.publisher("e", { category: "undefined" });
    await expect(publisher.publish(events(1))).rejects.toMatchObject({ code: "PUBLISH" });
    const sending = publisher.send({ n: 0 }).catch((error: unknown) => error as PublishError);
    await settle();
    clock.advance(5);
    expect(await sending).toMatchObject({ code: "PUBLISH", verdicts: [{ status: "rejected" }] });
  });

  it("NJ6: time is counted once, and each call has all of its tries", async () => {
    const { publisher, transport, clock, inTime } = scripted([], {
      retry: { attempts: 100, maxElapsedMs: 10_000, initialDelayMs: 1_000, maxDelayMs: 1_000 },
    });
    transport.onRequest = () => ({ status: 503 });
    for (let call = 0; call < 3; call += 1) {
      const before = [clock.monotonicMs(), transport.requests.length] as const;
      await inTime(publisher.publish(events(1)));
      // A second between tries: ten of them, the last one where the eleventh would be too late.
      expect([clock.monotonicMs() - before[0], transport.requests.length - before[1]]).toEqual([9_000, 10]);
    }
  });

  it("NJ8: the HTTP status counts, not the one that the problem names; a 400 is not tried again", async () => {
    const { publisher, sent } = scripted([problem(400, { title: "T", status: 503, detail: "why" })]);
    expect((await publisher.publish(events(1))).verdicts).toMatchObject([{ status: "rejected" }]);
    expect(sent()).toHaveLength(1);
  });
});

describe("nakadion", () => {
  it("NN8: tries have an end, whatever the server does, also when nothing is said about it", async () => {
    const { publisher, transport, clock, inTime } = scripted([]);
    transport.onRequest = () => ({ status: 500 });
    expect((await inTime(publisher.publish(events(1)))).verdicts).toMatchObject([{ status: "unknown" }]);
    expect(transport.requests.length).toBeLessThanOrEqual(20);
    expect(clock.monotonicMs()).toBeLessThanOrEqual(90_000);
  });

  it("NN8: a 422 is final for the bad event alone", async () => {
    const { publisher } = scripted([items(422, ["failed", "validating", "bad"], ["aborted", "none"])]);
    const { verdicts } = await publisher.publish(events(2));
    expect(verdicts.map(({ status }) => status)).toEqual(["rejected", "submitted"]);
  });
});

describe("kanadi", () => {
  it("KA2: when nothing is left of a batch nothing is sent, and pauses grow by half each time, no faster", async () => {
    const all = scripted([items(422, ["failed", "validating", "bad"])]);
    await all.publisher.publish(events(1));
    expect(all.sent()).toEqual([[0]]);

    const { publisher, transport, clock, inTime } = scripted([], { retry: { attempts: 5, initialDelayMs: 100 } });
    const at: number[] = [];
    transport.onRequest = () => (at.push(clock.monotonicMs()), { status: 503 });
    await inTime(publisher.publish(events(1)));
    const pauses = at.slice(1).map((ms, index) => ms - (at[index] ?? 0));
    expect(pauses).toEqual([100, 150, 225, 337.5]);
  });

  it("KA2: a lost connection is known by what it is, whatever its message says", async () => {
    for (const message of ["", "The http server closed the connection unexpectedly", "422"]) {
      const { publisher, inTime, sent } = scripted([new TransportError(message)]);
      expect((await inTime(publisher.publish(events(1)))).verdicts[0]?.status).toBe("submitted");
      expect(sent()).toHaveLength(2);
    }
  });
});

describe("nakadi-client of Haskell", () => {
  it("HS1: the first pause is a tenth of a second, give or take half, and no millionth", async () => {
    for (const random of [0, 1]) {
      const { publisher, clock } = scripted([{ status: 503 }], {}, { random: () => random });
      const publishing = publisher.publish(events(1));
      await settle();
      expect(clock.nextInMs).toBe(random === 0 ? 50 : 150);
      clock.advance(150);
      await publishing;
    }
  });

  it.each([429, 502, 504])("HS6: a %i is tried again", async (status) => {
    const { publisher, sent, inTime } = scripted([{ status }]);
    await inTime(publisher.publish(events(1)));
    expect(sent()).toHaveLength(2);
  });
});

describe("what servers do", () => {
  it("S8: each 422 names one bad event; steps of the others say nothing, and one request is made for each", async () => {
    const { publisher, sent } = scripted([
      items(422, ["aborted", "validating"], ["failed", "validating", "1"], ["aborted", "none"], ["aborted", "none"]),
      items(422, ["aborted", "validating"], ["aborted", "validating"], ["failed", "validating", "3"]),
    ]);
    const { verdicts } = await publisher.publish(events(4));
    expect(verdicts.map(({ status, detail }) => [status, detail])).toEqual([
      ["submitted", undefined],
      ["rejected", "1"],
      ["submitted", undefined],
      ["rejected", "3"],
    ]);
    expect(sent()).toEqual([
      [0, 1, 2, 3],
      [0, 2, 3],
      [0, 2],
    ]);
  });

  it("S9: what a 207 calls aborted or failed may be stored: no outcome denies it", async () => {
    const answer = items(
      207,
      ["submitted", "publishing"],
      ["aborted", "publishing"],
      ["failed", "publishing", "timed out"],
    );
    const once = scripted([answer], ONCE);
    expect((await once.publisher.publish(events(3))).verdicts.map(({ status }) => status)).toEqual([
      "submitted",
      "unknown",
      "unknown",
    ]);
    const again = scripted([answer]);
    const { verdicts } = await again.inTime(again.publisher.publish(events(3)));
    expect(verdicts.map(({ mayBeDuplicated }) => mayBeDuplicated)).toEqual([false, true, true]);
  });

  it("S10: a 422 with stored and aborted events does not mean that nothing is stored", async () => {
    const { publisher } = scripted([items(422, ["submitted", "publishing"], ["aborted", "publishing"])], ONCE);
    expect((await publisher.publish(events(2))).verdicts.map(({ status }) => status)).toEqual(["submitted", "unknown"]);
  });
});

describe("pyNakadi", () => {
  it("pyNakadi#19: a server that never answers blocks no caller", async () => {
    const server = createServer((socket) => void socket.on("error", () => undefined));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const nakadi = new NakadiClient({ baseUrl: `http://127.0.0.1:${port}` });
    onTestFinished(() => nakadi.close());
    const retry = { attempts: 5, maxElapsedMs: 1_000 };
    const publisher = nakadi.publisher("e", { category: "undefined", throwOn: "never", retry });
    expect((await publisher.publish(events(1))).verdicts[0]?.status).toBe("unknown");
  });

  it("pyNakadi#24: a partial result is a result for each event", async () => {
    const { publisher } = scripted(
      [items(207, ["submitted", "publishing"], ["failed", "publishing", "internal error"])],
      ONCE,
    );
    expect((await publisher.publish(events(2))).verdicts).toMatchObject([
      { status: "submitted" },
      { status: "unknown", step: "publishing", detail: "internal error" },
    ]);
  });
});
