/** `publish`: what each answer means for each event, and the bugs of other clients by their names in the survey of clients. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type PublishError, type PublisherOptions, TransportError } from "../src/index.ts";
import type { Answer } from "./scripted-transport.ts";
import { events, items, ONCE, type Scripted, scripted } from "./scripted-publisher.ts";

describe("an answer for the request as a whole", () => {
  const problem = '{"title":"T","detail":"why"}';
  it.each<[status: number, verdict: string, requests: number]>([
    [200, "submitted", 1],
    [204, "unknown", 1],
    [302, "unknown", 1],
    [400, "rejected", 1],
    [401, "aborted", 1],
    [403, "rejected", 1],
    [404, "rejected", 1],
    [405, "unknown", 1],
    [408, "unknown", 3],
    [413, "rejected", 1],
    [415, "rejected", 1],
    [422, "rejected", 1],
    [425, "unknown", 3],
    [429, "aborted", 3],
    [500, "unknown", 3],
    [501, "unknown", 1],
    [503, "unknown", 3],
  ])("%i: the event is %s after %i requests", async (status, verdict, requests) => {
    const { publisher, transport, inTime } = scripted([], { retry: { attempts: 3 } });
    transport.onRequest = () => ({ status, body: status === 200 ? "" : problem });
    const { verdicts, cause } = await inTime(publisher.publish(events(1)));
    expect(verdicts).toMatchObject([{ status: verdict, ...(status === 200 ? {} : { detail: `HTTP ${status}: why` }) }]);
    expect([transport.requests.length, cause && "status" in cause && cause.status]).toEqual([
      requests,
      status === 200 ? undefined : status,
    ]);
  });

  it("a 422 that is neither a list nor a problem says nothing: the events may be there", async () => {
    const { publisher } = scripted([{ status: 422, body: "<html>" }], ONCE);
    expect((await publisher.publish(events(1))).verdicts).toMatchObject([{ status: "unknown" }]);
  });

  it("a 200 of a login page is a failure", async () => {
    const { publisher, inTime, sent } = scripted([{ status: 200, body: "<html>log in</html>" }, { status: 200 }]);
    expect((await inTime(publisher.publish(events(1)))).verdicts).toMatchObject([
      { status: "submitted", mayBeDuplicated: true },
    ]);
    expect(sent()).toEqual([[0], [0]]);
  });

  it.each([400, 413])("%i: the event at fault is found by halves; the others are stored, in order", async (status) => {
    const { publisher, transport, sent } = scripted([]);
    transport.onRequest = ({ body }) => ({ status: String(body).includes('"n":2}') ? status : 200 });
    const { verdicts } = await publisher.publish(events(5));
    expect(verdicts.map((verdict) => verdict.status)).toEqual([
      "submitted",
      "submitted",
      "rejected",
      "submitted",
      "submitted",
    ]);
    expect(sent()).toEqual([[0, 1, 2, 3, 4], [0, 1, 2], [0, 1], [2], [3, 4]]);
  });

  it("400: halves that are not tried any more are not blamed: whether they would be taken is unknown", async () => {
    const { publisher, sent } = scripted([{ status: 400 }, { status: 401 }]);
    const { verdicts } = await publisher.publish(events(4));
    expect(verdicts.map((verdict) => verdict.status)).toEqual(Array(4).fill("aborted"));
    expect(sent()).toEqual([
      [0, 1, 2, 3],
      [0, 1],
    ]);
  });

  it.each([
    [1, [[0, 1, 2, 3]], ["aborted", "aborted", "aborted", "aborted"]],
    [
      2,
      [
        [0, 1, 2, 3],
        [0, 1],
      ],
      ["aborted", "aborted", "aborted", "aborted"],
    ],
    [3, [[0, 1, 2, 3], [0, 1], [0]], ["rejected", "aborted", "aborted", "aborted"]],
  ])("413: with %i requests only what was refused alone is rejected", async (attempts, requests, expected) => {
    const { publisher, transport, sent } = scripted([], { retry: { attempts } });
    transport.onRequest = () => ({ status: 413 });
    const { verdicts } = await publisher.publish(events(4));
    expect(verdicts.map(({ status }) => status)).toEqual(expected);
    expect(sent()).toEqual(requests);
  });
});

describe("an answer item by item", () => {
  it("422: the bad event is cut out and the innocent ones are stored, one bad event a request", async () => {
    const { publisher, sent } = scripted([
      items(422, ["aborted", "validating"], ["failed", "validating", "bad"], ["aborted", "none"], ["aborted", "none"]),
      items(422, ["aborted", "partitioning"], ["failed", "partitioning", "no key"], ["aborted", "validating"]),
    ]);
    expect((await publisher.publish(events(4))).verdicts).toMatchObject([
      { status: "submitted" },
      { status: "rejected", step: "validating", detail: "bad" },
      { status: "rejected", step: "partitioning", detail: "no key" },
      { status: "submitted", mayBeDuplicated: false },
    ]);
    expect(sent()).toEqual([
      [0, 1, 2, 3],
      [0, 2, 3],
      [0, 3],
    ]);
  });

  it("422 out of budget: what is innocent stays aborted", async () => {
    const { publisher } = scripted([items(422, ["aborted", "validating"], ["failed", "validating", "bad"])], ONCE);
    expect((await publisher.publish(events(2))).verdicts.map(({ status }) => status)).toEqual(["aborted", "rejected"]);
  });

  it("422 with nothing but aborted events is not sent again: there is nothing to cut out", async () => {
    const { publisher, sent } = scripted([items(422, ["aborted", "none"], ["aborted", "none"])]);
    expect((await publisher.publish(events(2))).verdicts.map(({ status }) => status)).toEqual(["aborted", "aborted"]);
    expect(sent()).toHaveLength(1);
  });

  it("KA1: valid events that read `validating` beside a bad one are not taken for bad: all are stored, in order", async () => {
    const { publisher, sent } = scripted([
      items(
        422,
        ["aborted", "validating"],
        ["aborted", "validating"],
        ["failed", "validating", "x"],
        ["aborted", "validating"],
      ),
    ]);
    const { verdicts } = await publisher.publish(events(4));
    expect(verdicts.map(({ status }) => status)).toEqual(["submitted", "submitted", "rejected", "submitted"]);
    expect(sent()[1]).toEqual([0, 1, 3]);
  });

  it("FA1: of a 207 with failed and aborted events both are sent again, and no empty request is made", async () => {
    const { publisher, sent, inTime } = scripted([
      items(207, ["submitted", "publishing"], ["failed", "publishing", "timed out"], ["aborted", "publishing"]),
      items(207, ["aborted", "publishing"], ["submitted", "publishing"]),
    ]);
    const { verdicts } = await inTime(publisher.publish(events(3)));
    expect(verdicts.map(({ status, mayBeDuplicated }) => [status, mayBeDuplicated])).toEqual([
      ["submitted", false],
      ["submitted", true],
      ["submitted", true],
    ]);
    expect(sent()).toEqual([[0, 1, 2], [1, 2], [1]]);
  });

  it("207 out of budget: what is not submitted is unknown, never aborted", async () => {
    const { publisher } = scripted([items(207, ["failed", "publishing"], ["aborted", "publishing"])], ONCE);
    expect((await publisher.publish(events(2))).verdicts.map(({ status }) => status)).toEqual(["unknown", "unknown"]);
  });

  it("S10: a 422 that names stored events is read item by item: the stored ones are not sent again", async () => {
    const { publisher, sent, inTime } = scripted([
      items(422, ["submitted", "publishing"], ["aborted", "publishing"], ["submitted", "publishing"]),
    ]);
    const { verdicts } = await inTime(publisher.publish(events(3)));
    expect(verdicts.map(({ status, mayBeDuplicated }) => [status, mayBeDuplicated])).toEqual([
      ["submitted", false],
      ["submitted", true],
      ["submitted", false],
    ]);
    expect(sent()).toEqual([[0, 1, 2], [1]]);
  });

  it.each([207, 422])("a %i with a list of another length says nothing", async (status) => {
    const { publisher } = scripted([items(status, ["submitted", "publishing"])], ONCE);
    expect((await publisher.publish(events(2))).verdicts.map(({ status }) => status)).toEqual(["unknown", "unknown"]);
  });
});

describe("metadata", () => {
  const bodies = ({ transport }: Scripted): unknown[] =>
    transport.requests
      .filter(({ body }) => body !== undefined)
      .flatMap(({ body }) => JSON.parse(String(body)) as unknown[]);
  const eid = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;

  it("of business and data events are filled in on a copy, where they are missing; the verdict names the eid", async () => {
    const test = scripted([], { category: "business" });
    const given = [{ n: 1 }, { metadata: { eid: "mine", flow_id: "f" } }, { metadata: { occurred_at: "then" } }];
    const before = structuredClone(given);
    const { verdicts } = await test.publisher.publish(given);
    expect(bodies(test)).toEqual([
      { n: 1, metadata: { eid, occurred_at: "2026-01-01T00:00:00.000Z" } },
      { metadata: { eid: "mine", flow_id: "f", occurred_at: "2026-01-01T00:00:00.000Z" } },
      { metadata: { eid, occurred_at: "then" } },
    ]);
    expect(given).toEqual(before);
    expect(verdicts.map((verdict) => verdict.eid)).toEqual(
      (bodies(test) as { metadata: { eid: string } }[]).map(({ metadata }) => metadata.eid),
    );
  });

  it("of undefined events are left alone", async () => {
    const test = scripted([], { category: "undefined" });
    await test.publisher.publish([{ n: 1 }]);
    expect(bodies(test)).toEqual([{ n: 1 }]);
  });

  it("the category is asked for once, before the first events", async () => {
    const test = scripted([{ status: 200, body: '{"name":"e","category":"data"}' }]);
    const publisher = test.nakadi.publisher("e");
    await publisher.publish([{ data_op: "C" }]);
    await publisher.publish([{ data_op: "C" }]);
    expect(test.transport.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /event-types/e",
      "POST /event-types/e/events",
      "POST /event-types/e/events",
    ]);
    expect(bodies(test)).toMatchObject([{ metadata: { eid } }, { metadata: { eid } }]);
  });

  it.each<[answer: Answer, verdict: string, requests: number]>([
    [{ status: 404, body: '{"title":"Not Found","detail":"no such type"}' }, "rejected", 1],
    [{ status: 403 }, "aborted", 1],
    [{ status: 200, body: "<html>" }, "aborted", 3],
    [{ status: 503 }, "aborted", 3],
    [new TransportError("cut"), "aborted", 3],
  ])("of an unknown category (%j) nothing is sent: %s", async (answer, verdict, requests) => {
    const test = scripted([]);
    test.transport.onRequest = () => answer;
    const publisher = test.nakadi.publisher("e", { throwOn: "never", retry: { attempts: 3 } });
    const { verdicts } = await test.inTime(publisher.publish([{ metadata: { eid: "1" } }, {}]));
    expect(verdicts).toMatchObject([{ status: verdict, eid: "1" }, { status: verdict }]);
    expect(test.transport.requests.map(({ method }) => method)).toEqual(Array(requests).fill("GET"));
  });
});

describe("what is wrong before anything is sent", () => {
  it.each([[1n], ["text"], [null], [[1]], [{ n: 1n }], [undefined]])("%s is refused as an event", async (event) => {
    const { publisher, transport } = scripted([]);
    await expect(publisher.publish([{ n: 1 }, event])).rejects.toMatchObject({ code: "CONFIG", path: "events[1]" });
    expect(transport.requests).toEqual([]);
  });

  it("an event beyond the limit is rejected; the others are sent", async () => {
    const { publisher, sent } = scripted([], { maxEventBytes: 20 });
    const { verdicts } = await publisher.publish([{ n: 1 }, { n: 2, é: "ééééé" }, { n: 3 }]);
    expect(verdicts.map(({ status }) => status)).toEqual(["submitted", "rejected", "submitted"]);
    expect(verdicts[1]?.detail).toBe("Event too large: 25 bytes, max size is 20 bytes");
    expect(sent()).toEqual([[1, 3]]);
  });

  it.each<[options: unknown, path: string]>([
    [{ category: "odd" }, "options.category"],
    [{ throwOn: "always" }, "options.throwOn"],
    [{ retry: { attempts: 0 } }, "options.retry.attempts"],
    [{ retry: { initialDelayMs: 50, maxDelayMs: 20 } }, "options.retry.maxDelayMs"],
    [{ resendUnknown: 1 }, "options.resendUnknown"],
    [{ maxEventBytes: -1 }, "options.maxEventBytes"],
    [{ retrys: {} }, "options.retrys"],
  ])("options %j", (options, path) => {
    const { nakadi } = scripted([]);
    expect(() => nakadi.publisher("e", options as PublisherOptions)).toThrow(
      expect.objectContaining({ path }) as Error,
    );
  });
});

describe("a PublishError", () => {
  it("carries the verdicts and the cause, and quotes no event", async () => {
    const { nakadi } = scripted([
      items(422, ["aborted", "validating"], ["failed", "validating", "DE99"]),
      { status: 401 },
    ]);
    const error = await nakadi
      .publisher("e", { category: "undefined" })
      .publish([{}, { iban: "DE99" }])
      .catch((reason: unknown) => reason as PublishError);
    expect(error).toMatchObject({
      code: "PUBLISH",
      verdicts: [{ status: "aborted" }, { status: "rejected", detail: "DE99" }],
      cause: { code: "UNAUTHORIZED" },
      message: "POST /event-types/e/events: of 2 events 1 rejected, 1 aborted; event 1 while validating (UNAUTHORIZED)",
    });
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain("DE99");
  });
});
