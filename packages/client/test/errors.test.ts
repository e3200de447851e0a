import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import * as client from "../src/index.ts";
import { ERROR_TABLE, type ErrorCode, NakadiError } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";

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
    "*Retryable* says whether the same call may succeed later without anybody changing anything. An abort rejects with its",
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

describe.each(CODES)("%s", (code) => {
  const row = ERROR_TABLE[code];

  it("names a class that the package exports, and says something", () => {
    expect(client[row.class as keyof typeof client]).toBeTypeOf("function");
    expect(row.meaning).toMatch(/\.$/);
  });
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
  ])("with %s keeps its HTTP status", async (_what, body, message) => {
    const transport = new ScriptedTransport().willAnswer({ status: 403, body });
    const nakadi = new client.NakadiClient({ baseUrl: "http://x", transport });
    await expect(nakadi.eventTypes.delete("e")).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: `DELETE /event-types/e: ${message}`,
    });
  });

  it("412 says how to mend it", async () => {
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
