/** The server is killed in the middle: what each command says, and how it ends. */
import { expect, it } from "vitest";
import { nakadiCommand, type Running } from "../support/command.ts";
import { shellFor } from "../support/shell.ts";

async function brokerWithOrders(): Promise<{ broker: Running; url: string }> {
  const broker = nakadiCommand("broker", "--port", "0");
  const [, url = ""] = await broker.seen(/listening on (\S+) /);
  const headers = { "content-type": "application/json" };
  const type = {
    name: "order.created",
    owning_application: "shop",
    category: "undefined",
    schema: { type: "json_schema", schema: "{}" },
  };
  expect((await fetch(`${url}/event-types`, { method: "POST", headers, body: JSON.stringify(type) })).status).toBe(201);
  // More than the sockets between can hold.
  const events = JSON.stringify(Array.from({ length: 100 }, (_, order) => ({ order, text: "x".repeat(20_000) })));
  for (let batch = 0; batch < 10; batch += 1) {
    await fetch(`${url}/event-types/order.created/events`, { method: "POST", headers, body: events });
  }
  return { broker, url };
}

it("publish says what is published, what may be, and where it was", async () => {
  const { broker, url } = await brokerWithOrders();
  const run = shellFor(url).run(
    `yes '{"order":1}' | head -n 100000 | nakadi publish order.created --rate 500 --batch 10`,
  );
  await expect.poll(async () => positionOf(url), { timeout: 30_000 }).not.toBe("001-0001-000000000000000999");
  broker.process.kill("SIGKILL");
  expect(await run.exited).toBe(1);
  expect(run.stderr).toMatch(
    /^standard input:\d+: (aborted|unknown): .*ECONN|^standard input:\d+: (aborted|unknown): .+$/m,
  );
  expect(run.stderr).toMatch(/^\d+ of \d+ events published to order\.created, \d+ (aborted|unknown)$/m);
  expect(run.stderr).toMatch(
    /^nakadi: .*\. Tried http:\/\/127\.0\.0\.1:\d+ \(from NAKADI_URL\)\. Is a broker there\?/m,
  );
});

it("tail that is to stop at the end tries for a while, then says that it has failed", async () => {
  const { broker, url } = await brokerWithOrders();
  const run = shellFor(url).run("nakadi tail order.created --no-follow");
  await run.seen(/"order":/);
  run.kill("SIGSTOP");
  broker.process.kill("SIGKILL");
  await broker.exited;
  run.kill("SIGCONT");
  expect(await run.exited).toBe(1);
  expect(run.stderr).toMatch(/^nakadi: .*; trying again$/m);
  expect(run.stderr).toMatch(
    /^nakadi: .*ECONNREFUSED.*\. Tried http:\/\/127\.0\.0\.1:\d+ \(from NAKADI_URL\)\. Is a broker there\?/m,
  );
});

it("search ends with 2: it does not know", async () => {
  const { broker, url } = await brokerWithOrders();
  const run = shellFor(url).run("nakadi search order.created --where 'order'");
  await run.seen(/"order":/);
  run.kill("SIGSTOP");
  broker.process.kill("SIGKILL");
  await broker.exited;
  run.kill("SIGCONT");
  expect(await run.exited).toBe(2);
  expect(run.stderr).toMatch(/^nakadi: .*Is a broker there\?/m);
});

async function positionOf(url: string): Promise<string | undefined> {
  const response = await fetch(`${url}/event-types/order.created/partitions`);
  const [partition] = (await response.json()) as { newest_available_offset: string }[];
  return partition?.newest_available_offset;
}
