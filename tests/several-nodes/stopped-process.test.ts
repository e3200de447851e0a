/** A process of a broker that stands still (SIGSTOP) for longer than its lease, and goes on. */
import { expect, it } from "vitest";
import { nakadiCommand } from "../support/command.ts";

const LEASE_MS = 1_500;
const HEADERS = { "content-type": "application/json" };

it("ends its streams without sending what it had read, takes a new lease, and goes on as before", async () => {
  const broker = nakadiCommand("broker", "--port", "0", "--limit", `nodeLeaseMs=${LEASE_MS}`);
  const [, url = ""] = await broker.seen(/listening on (\S+) /);
  const post = async (path: string, body: unknown): Promise<Response> =>
    fetch(url + path, { method: "POST", headers: HEADERS, body: JSON.stringify(body) });
  const schema = { type: "json_schema", schema: "{}" };
  const eventType = { name: "e", owning_application: "app", category: "undefined", schema };
  expect((await post("/event-types", eventType)).status).toBe(201);
  const request = { owning_application: "app", event_types: ["e"], read_from: "begin" };
  const { id } = (await (await post("/subscriptions", request)).json()) as { id: string };
  const open = async (): Promise<AsyncIterable<string>> => {
    const query = "batch_limit=2&batch_flush_timeout=1&max_uncommitted_events=10";
    const { status, body } = await fetch(`${url}/subscriptions/${id}/events?${query}`);
    expect(status).toBe(200);
    return body?.pipeThrough(new TextDecoderStream()) as unknown as AsyncIterable<string>;
  };
  const stream = (await open())[Symbol.asyncIterator]();
  await post("/event-types/e/events", [{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect((await stream.next()).value).toContain('"events":[{"n":1},{"n":2}]');
  broker.process.kill("SIGSTOP");
  const stoppedAt = performance.now();
  await expect.poll(() => performance.now() - stoppedAt, { timeout: 10_000 }).toBeGreaterThan(2 * LEASE_MS);
  broker.process.kill("SIGCONT");
  const rest = [];
  for (let read = await stream.next(); !read.done; read = await stream.next()) rest.push(read.value);
  expect(rest.join("")).not.toContain('"n":3');
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const again = (await open())[Symbol.asyncIterator]();
  expect((await again.next()).value).toContain('"events":[{"n":1},{"n":2}]');
  await again.return?.();
});
