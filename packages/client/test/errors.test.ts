import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import * as client from "../src/index.ts";
import { ERROR_TABLE, type ErrorCode, NakadiError } from "../src/index.ts";
import { type Answer, ScriptedTransport } from "./scripted-transport.ts";
import { testStream } from "./test-stream.ts";

const DOCUMENT = new URL("../../../docs/errors.md", import.meta.url);
const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];

/** The table as the documentation shows it. */
function rendered(): string {
  const rows = CODES.map((code) => {
    const { class: name, statuses, retryable, meaning } = ERROR_TABLE[code];
    return `| \`${code}\` | \`${name}\` | ${statuses} | ${retryable ? "yes" : "no"} | ${meaning} |`;
  });
  return [
    "# Errors of the client",
    "",
    "Match on `code`: two installed copies of the package recognise each other's errors by `NakadiError.is(error)`, not by `instanceof`.",
    "*Retryable* says whether the same call may succeed later without any change by the program or an operator. An abort rejects with its",
    "signal's reason, unchanged. No message ever holds a token or an event.",
    "",
    "| code | class | HTTP status | retryable | meaning |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

it("docs/errors.md shows the table as it is", async () => {
  if (process.env["UPDATE_DOCS"]) await writeFile(DOCUMENT, rendered());
  expect(await readFile(DOCUMENT, "utf8")).toBe(rendered());
});

/** Something that goes wrong as the row says. */
const PROVOKED: Record<ErrorCode, () => Promise<unknown>> = {
  CONFIG: async () => clientOf().stream("s", { batchLimit: 0 }),
  HTTP: () => answered(400),
  UNAUTHORIZED: () => answered(401),
  FORBIDDEN: () => answered(403),
  NOT_FOUND: () => answered(404),
  NO_FREE_SLOT: () => retriedAfter(100_000, new ScriptedTransport(), { status: 409 }),
  CURSOR_UNAVAILABLE: () => answered(412),
  async CURSOR_EXPIRED() {
    const transport = new ScriptedTransport().willOpen({ status: 412 });
    const nakadi = new client.NakadiClient({ baseUrl: "http://x", transport });
    await nakadi.streamEventType("e", { from: [{ partition: "0", offset: "1" }] }).nextBatch();
  },
  CURSOR_STORE: () => client.fileCursorStore("/dev/null/cursors.json").load("e"),
  CURSOR_RESET: () => clientOf({ status: 409 }).subscriptions.resetCursors("s", []),
  TOO_MANY_REQUESTS: () => answered(429),
  SERVER: () => answered(408),
  PUBLISH: () => {
    const item = { publishing_status: "failed", step: "validating", detail: "no", eid: "", partition: null };
    return clientOf({ status: 422, body: JSON.stringify([item]) })
      .publisher("e")
      .publish([{}]);
  },
  async SESSION_LOST() {
    const { stream, open, transport } = testStream();
    (await open()).batch(1);
    transport.willAnswer({ status: 422 });
    await stream.commit((await stream.nextBatch()) ?? []);
  },
  TRANSPORT: () => clientOf(new Error("ECONNRESET")).eventTypes.delete("e"),
  TIMEOUT: () => retriedAfter(200_000, new ScriptedTransport(), { status: 200 }),
  PROTOCOL: () =>
    clientOf({ status: 200, body: "[]" }).subscriptions.create({ owning_application: "a", event_types: ["e"] }),
  async CLOSED() {
    const nakadi = clientOf();
    await nakadi.close();
    nakadi.stream("s");
  },
  HANDLER: () => Promise.reject(new NakadiError("HANDLER", "the handler failed")),
};

function clientOf(answer?: Answer): client.NakadiClient {
  const transport = new ScriptedTransport();
  if (answer) transport.onRequest = () => answer;
  return new client.NakadiClient({ baseUrl: "http://x", transport });
}

const answered = (status: number): Promise<void> => clientOf({ status }).eventTypes.delete("e");

/** The last call of `onRetry`, when each attempt to open a stream is answered the same way. */
async function retriedAfter(ms: number, transport: ScriptedTransport, answer: Answer): Promise<void> {
  transport.onOpen = () => answer;
  const { pass, retries } = testStream({}, transport);
  await pass(ms, 1_000);
  return Promise.reject(retries[0]?.error);
}

it.each(CODES)("%s: the error is of the class that its row names, and as retryable", async (code) => {
  const row = ERROR_TABLE[code];
  const error = await PROVOKED[code]().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code, name: row.class, retryable: row.retryable });
  expect(error).toBeInstanceOf(client[row.class as keyof typeof client]);
  if (error instanceof client.HttpError && row.statuses !== "any other")
    expect(row.statuses).toContain(String(error.status));
  expect(row.meaning).toMatch(/\.$/);
});

describe("an answer of the server", () => {
  const answers: [status: number, code: ErrorCode][] = [
    [400, "HTTP"],
    [401, "UNAUTHORIZED"],
    [403, "FORBIDDEN"],
    [404, "NOT_FOUND"],
    [405, "HTTP"],
    [408, "SERVER"],
    [409, "HTTP"],
    [412, "CURSOR_UNAVAILABLE"],
    [415, "HTTP"],
    [422, "HTTP"],
    [425, "SERVER"],
    [429, "TOO_MANY_REQUESTS"],
    [500, "SERVER"],
    [501, "HTTP"],
    [503, "SERVER"],
    [504, "SERVER"],
  ];
  it.each(answers)("%i is %s", async (status, code) => {
    const transport = new ScriptedTransport();
    transport.onRequest = () => ({
      status,
      headers: { "x-flow-id": "flow" },
      body: '{"title":"T","status":299,"detail":"why"}',
    });
    const nakadi = new client.NakadiClient({ baseUrl: "http://x", transport });
    const error = await nakadi.eventTypes.delete("e").catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code,
      status,
      flowId: "flow",
      retryable: ERROR_TABLE[code].retryable,
      message: expect.stringContaining(`DELETE /event-types/e: HTTP ${status}: why`),
    });
    expect(NakadiError.is(error)).toBe(true);
  });

  it.each([
    ["a problem", '{"title":"Forbidden","status":403,"detail":"no"}', "HTTP 403: no"],
    ["OAuth's pair", '{"error":"access_denied","error_description":"expired"}', "HTTP 403: expired"],
    ["HTML", "<html><h1>403</h1></html>", "HTTP 403"],
    ["nothing", "", "HTTP 403"],
    ["an array", "[]", "HTTP 403"],
    ["null", "null", "HTTP 403"],
  ])("GO10: with %s keeps its HTTP status and what it says", async (_what, body, message) => {
    const transport = new ScriptedTransport().willAnswer({ status: 403, body });
    const nakadi = new client.NakadiClient({ baseUrl: "http://x", transport });
    await expect(nakadi.eventTypes.delete("e")).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: `DELETE /event-types/e: ${message}`,
    });
  });

  it("GO12: whatever fails names what was tried, and a 422 says what the server said", async () => {
    const problem = { status: 422, body: '{"title":"Unprocessable Entity","status":422,"detail":"because"}' };
    const { stream, open, transport } = testStream();
    (await open()).batch(1);
    const batch = await stream.nextBatch();
    transport.willAnswer({ status: 503 }).onRequest = () => problem;
    const refused = testStream({}, new ScriptedTransport().willOpen(problem));
    const nakadi = new client.NakadiClient({ baseUrl: "http://x", transport });
    const failures = [
      stream.commit(batch ?? []),
      refused.stream.nextBatch(),
      nakadi.subscriptions.create({ owning_application: "a", event_types: ["e"] }),
    ].map((failure) => failure.catch((error: unknown) => (error as Error).message));
    expect(await Promise.all(failures)).toEqual([
      "POST /subscriptions/s/cursors: HTTP 503",
      "GET /subscriptions/s/events: HTTP 422: because",
      "POST /subscriptions: HTTP 422: because",
    ]);
    const error = await nakadi
      .publisher("e", { category: "undefined" })
      .publish([{}])
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "PUBLISH",
      cause: { message: "POST /event-types/e/events: HTTP 422: because" },
    });
  });

  it("412 says how to repair it", async () => {
    const transport = new ScriptedTransport().willOpen({
      status: 412,
      body: '{"title":"Precondition Failed","detail":"gone"}',
    });
    const nakadi = new client.NakadiClient({ baseUrl: "http://x", transport });
    await expect(nakadi.stream("s").nextBatch()).rejects.toThrow(/Reset the subscription's cursors: PATCH/);
  });
});

it("errors of another copy of the package are recognised by their brand", () => {
  const foreign = Object.defineProperty(new Error("x"), Symbol.for("nakadi-client.error"), { value: true });
  expect([NakadiError.is(foreign), NakadiError.is(new Error("x")), NakadiError.is(undefined)]).toEqual([
    true,
    false,
    false,
  ]);
});

it("an abort rejects with its reason, unchanged", async () => {
  const transport = new ScriptedTransport();
  const nakadi = new client.NakadiClient({ baseUrl: "http://x", transport });
  const reason = { any: "thing" };
  await expect(nakadi.eventTypes.get("e", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(transport.requests).toEqual([]);
});
