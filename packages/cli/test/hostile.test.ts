/** What events and servers say reaches no terminal as an order to it. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { type Captured, runCommand } from "./run-command.ts";
import { testServer } from "./test-server.ts";

const ORDER =
  "\u001B[2J\u009B31mred\u001B]0;title\u0007\r\nnakadi: all \u202Ellew si\u202C\u200B \u2066is\u2028 well\u{E0041}";
const SUBSCRIPTION = "4fa0d3f5-31ab-4f7b-9d1c-6d8a4a3f3c11";
const ON_TERMINAL = { isTTY: true, env: { NO_COLOR: "1" } };

/** What is left when our own clearing of lines and hiding of the cursor is taken away. */
function orders({ text }: Captured): string[] {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const withoutOurs = text.replaceAll(/\r\u001B\[2K|\u001B\[(\?25[lh]|0J|\d+A\r)/g, "");
  return withoutOurs.match(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu) ?? [];
}

it.each(["pretty", "table", "wide", "json", "ndjson", "yaml"])("events, as %s", async (format) => {
  const { url, nakadi } = await testServer();
  await nakadi.eventTypes.create({
    name: "free",
    owning_application: "shop",
    category: "undefined",
    schema: { type: "json_schema", schema: "{}" },
  });
  // Nothing says that a server escapes what JSON allows to stand in a text.
  const body = JSON.stringify([{ [ORDER]: `\u007F${ORDER}`, metadata: { occurred_at: ORDER } }]);
  const headers = { "content-type": "application/json" };
  expect((await fetch(`${url}/event-types/free/events`, { method: "POST", headers, body })).status).toBe(200);
  const args = ["tail", "free", "--no-follow", "--url", url, "-o", format];
  const shown = runCommand(args, ON_TERMINAL);
  expect([await shown.code, orders(shown.stdout), orders(shown.stderr)]).toEqual([0, [], []]);
  expect(shown.stdout.text).toMatch(/u009b31mred/);
  const selected = runCommand([...args, "--select", "metadata.occurred_at"], ON_TERMINAL);
  expect([await selected.code, orders(selected.stdout)]).toEqual([0, []]);
});

it.each([
  [["tail", "refused"], 1],
  [["tail", "nothing"], 1],
  [["publish", "some"], 1],
  [["lag", "--interval", "0.1"], 0],
  [["lag", SUBSCRIPTION, "--interval", "0.1"], 0],
  [["lag", "--interval", "0.1", "-o", "json"], 0],
  [["lag", "--interval", "0.1", "-o", "yaml"], 0],
  [["doctor"], 1],
])("a server's answers: %j", async (args, exit) => {
  const url = await hostileServer();
  const { code, stdout, stderr } = runCommand([...args, "--url", url], { ...ON_TERMINAL, stdin: "{}" });
  expect([await code, orders(stdout), orders(stderr)]).toEqual([exit, [], []]);
  expect(stdout.text + stderr.text).not.toMatch(/^nakadi: all/m);
});

it("a server's answers: lag --watch", async () => {
  const args = ["lag", "--watch", "--interval", "0.1", "--url", await hostileServer()];
  const { code, stdout, stop } = runCommand(args, ON_TERMINAL);
  await stdout.seen(/0J[^]*0J/);
  stop("SIGINT");
  expect([await code, orders(stdout)]).toEqual([130, []]);
});

async function hostileServer(): Promise<string> {
  const subscription = {
    id: SUBSCRIPTION,
    owning_application: ORDER,
    consumer_group: ORDER,
    event_types: [ORDER],
    read_from: "end",
    created_at: "2026-11-25T10:00:00Z",
  };
  const partition = {
    partition: `0${ORDER}`,
    state: "assigned",
    unconsumed_events: 3,
    consumer_lag_seconds: 1,
    stream_id: ORDER,
    assignment_type: "auto",
  };
  const refusal = { title: ORDER, status: 403, detail: ORDER };
  const schema = { type: "json_schema", schema: "{}" };
  const answers: [path: RegExp, status: number, body: unknown][] = [
    [/^GET \/health/, 200, {}],
    [/^GET \/event-types\/some$/, 200, { name: "some", owning_application: "shop", category: "undefined", schema }],
    [/^GET \/event-types\/nothing$/, 404, { ...refusal, status: 404 }],
    [/^GET \/event-types/, 403, refusal],
    [/^POST .*\/events$/, 422, [{ publishing_status: "failed", step: "validating", detail: ORDER, eid: "" }]],
    [/\/stats/, 200, { items: [{ event_type: ORDER, partitions: [partition] }] }],
    [/\/cursors/, 200, { items: [] }],
    [/\/subscriptions\/./, 200, subscription],
    [/\/subscriptions/, 200, { items: [subscription], _links: {} }],
  ];
  const server = http.createServer(({ method, url }, response) => {
    const [, status, body] = answers.find(([path]) => path.test(`${method} ${url}`)) ?? [/./, 404, refusal];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
