/** A server that delivers an event which is not JSON, as a real one may: each command goes on, or names the place. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { runCommand } from "./run-command.ts";
import { testServer } from "./test-server.ts";

const BAD = '{"order":007}';
const OFFSET = "001-0001-000000000000000001";

/** A broker with three orders, of which the second is not JSON on its way to the reader. */
async function withUnreadable(): Promise<{ url: string; eventType: string; subscription: string }> {
  const { url, orders, nakadi } = await testServer();
  const eventType = await orders("order.created");
  await nakadi.publisher(eventType).publish(["a", "bad", "c"].map((order) => ({ order })));
  const { id } = await nakadi.subscriptions.create({
    owning_application: "shop",
    event_types: [eventType],
    read_from: "begin",
  });
  const relay = http.createServer((request, response) => {
    const { method, headers } = request;
    const path = request.url ?? "/";
    const onwards = http.request(new URL(path, url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.setEncoding("utf8").on("data", (text: string) => response.write(text.replace('{"order":"bad"}', BAD)));
      answer.on("end", () => response.end()).on("error", () => response.destroy());
    });
    request.pipe(onwards.on("error", () => response.destroy()));
    response.on("close", () => onwards.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    relay.closeAllConnections();
    relay.close();
  });
  return { url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`, eventType, subscription: id };
}

it("tail shows it as it was stored, says so, and goes on", async () => {
  const { url, eventType } = await withUnreadable();
  const { code, stdout, stderr } = runCommand(["tail", eventType, "--no-follow", "--url", url]);
  expect([await code, stdout.text]).toEqual([0, `{"order":"a"}\n${BAD}\n{"order":"c"}\n`]);
  expect(stderr.text).toContain(`the event at ${eventType}/0:${OFFSET} is not JSON: it is shown as it was stored`);
  for (const format of ["json", "pretty", "table", "wide", "yaml"]) {
    const shown = runCommand(["tail", eventType, "--no-follow", "--url", url, "-o", format, "--select", "order"]);
    expect([await shown.code, shown.stdout.text.includes("007")]).toEqual([0, true]);
  }
  const some = runCommand(["tail", eventType, "--no-follow", "--url", url, "--where", "order == 'c'"]);
  expect([await some.code, some.stdout.text]).toEqual([0, '{"order":"c"}\n']);
  expect(some.stderr.text).toContain("is not JSON: it matches nothing");
});

it("search names it and finds the others", async () => {
  const { url, eventType } = await withUnreadable();
  const { code, stdout, stderr } = runCommand(["search", eventType, "--where", "order == 'c'", "--url", url]);
  expect([await code, stdout.text]).toEqual([0, '{"order":"c"}\n']);
  expect(stderr.text).toMatch(
    /event \d of the batch of order\.created, partition 0, .* is not JSON: it matches nothing/,
  );
});

it("consume stops at it and names it, or goes on where it is to be skipped", async () => {
  const { url, subscription } = await withUnreadable();
  const consume = ["consume", subscription, "--exec", "cat", "--batch", "1", "--url", url];
  const stopped = runCommand(consume);
  expect([await stopped.code, stopped.stdout.text]).toEqual([1, '{"order":"a"}\n']);
  expect(stopped.stderr.text).toContain(`partition 0, that ends at offset ${OFFSET} is not JSON`);
  const skipping = runCommand([...consume, "--on-failure", "skip"]);
  await skipping.stdout.seen(/"c"/);
  skipping.stop("SIGINT");
  expect([await skipping.code, skipping.stdout.text]).toEqual([130, '{"order":"c"}\n']);
  expect(skipping.stderr.text).toContain("1 of them skipped");
});
