/** What a stream asks for, as a server sees it: every parameter under its own name, and none that is the server's own default. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { NakadiClient, type StreamOptions } from "../src/index.ts";

interface Logged {
  line: string;
  body: string;
  headers: http.IncomingHttpHeaders;
}

/** The first request of a stream with these options. */
async function requestOf(options: StreamOptions): Promise<Logged> {
  let log: (request: Logged) => void = () => undefined;
  const logged = new Promise<Logged>((resolve) => (log = resolve));
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      log({ line: `${request.method} ${request.url}`, body, headers: request.headers });
      response.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const nakadi = new NakadiClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    token: "a-token",
    headers: { "x-tenant": "seven" },
  });
  onTestFinished(async () => {
    await nakadi.close();
    server.close();
  });
  nakadi.stream("a-subscription", options);
  return logged;
}

const PATH = "/api/subscriptions/a-subscription/events";

/** Every option of the original that the server has a default for, at just that default. */
const SERVERS_OWN: StreamOptions = {
  batchLimit: 1,
  batchFlushTimeoutSeconds: 30,
  maxUncommittedEvents: 10,
  commitTimeoutSeconds: 60,
};

it.each<[string, StreamOptions, string]>([
  ["nothing", {}, ""],
  ["the server's own defaults", SERVERS_OWN, ""],
  [
    "what is the client's own",
    { bufferedBatches: 3, idleGraceMs: 5, commitRetry: true, retry: { maxDelayMs: 50 } },
    "",
  ],
  [
    "everything",
    {
      batchLimit: 100,
      batchFlushTimeoutSeconds: 5,
      maxUncommittedEvents: 1_000,
      streamLimit: 50_000,
      streamTimeoutSeconds: 600,
      streamKeepAliveLimit: 7,
      batchTimespanSeconds: 3,
      commitTimeoutSeconds: 20,
    },
    "?batch_limit=100&batch_flush_timeout=5&max_uncommitted_events=1000&stream_limit=50000&stream_timeout=600" +
      "&stream_keep_alive_limit=7&batch_timespan=3&commit_timeout=20",
  ],
])("%s", async (_what, options, query) => {
  const { line, body } = await requestOf(options);
  expect([line, body]).toEqual([`GET ${PATH}${query}`, ""]);
});

it("partitions make it a POST, with every parameter in the body and none in the query", async () => {
  const partitions = [{ event_type: "e", partition: "0" }];
  const { line, body, headers } = await requestOf({ ...SERVERS_OWN, batchLimit: 5, partitions });
  expect([line, JSON.parse(body), headers["content-type"]]).toEqual([
    `POST ${PATH}`,
    { batch_limit: 5, partitions },
    "application/json",
  ]);
});

it.each(["/api/v1", "/api/v1/"])(
  "FA8, HS6, NN10: a base URL's path %s is kept by everything that a consumer sends",
  async (path) => {
    const seen: string[] = [];
    const cursor = { partition: "0", offset: "1", event_type: "e", cursor_token: "t" };
    const server = http.createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.method === "POST") response.writeHead(204).end();
      else
        response
          .writeHead(200, { "x-nakadi-streamid": "7b7c7100-0559-11e6-a837-0800200c9a66" })
          .write(`${JSON.stringify({ cursor, events: [{}] })}\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const nakadi = new NakadiClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}` });
    onTestFinished(async () => {
      await nakadi.close();
      server.close();
    });
    nakadi.consume("a/b c", { onEvent: () => undefined }, { commit: "each" });
    const resource = "/api/v1/subscriptions/a%2Fb%20c";
    await expect
      .poll(() => seen)
      .toEqual([
        `GET ${resource}/events?batch_limit=100&batch_flush_timeout=1&max_uncommitted_events=1000`,
        `POST ${resource}/cursors`,
      ]);
  },
);

it("GO14: a stream is asked for with the same token and headers as everything else", async () => {
  const { headers } = await requestOf({});
  expect(headers).toMatchObject({
    authorization: "Bearer a-token",
    "x-tenant": "seven",
    "user-agent": expect.stringMatching(/^nakadi-client\/\d/),
    "x-flow-id": expect.stringMatching(/^[A-Za-z0-9]{24}$/),
    accept: "application/x-json-stream, application/problem+json",
  });
});
