/** How long the head of a request may be, and of an answer: lists of positions stand in queries and headers. */
import http from "node:http";
import { expect, it } from "vitest";
import { hashed, testBroker } from "./test-broker.ts";

const PARTITIONS = 1_000;
const cursors = (eventType: string) =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({
    event_type: eventType,
    partition: String(partition),
    offset: "001-0001--1",
  }));

it("a header and a query take positions of all partitions that an event type can have, with all that cursors hold", async () => {
  const test = await testBroker({ limits: { maxPartitions: PARTITIONS } });
  const name = await test.eventType({ ...hashed(PARTITIONS), name: "n".repeat(255) });
  const text = JSON.stringify(cursors(name), null, 1).replaceAll("\n", "");
  const query = `cursors=${encodeURIComponent(JSON.stringify(cursors(name)))}`;
  const { status, json } = await test.call({ path: `/event-types/${name}/partitions?${query}` });
  expect([status, (json as unknown[]).length]).toEqual([200, PARTITIONS]);
  const stream = `/event-types/${name}/events?batch_flush_timeout=1&stream_keep_alive_limit=1`;
  const streamed = await test.call({ path: stream, headers: { "x-nakadi-cursors": text } });
  expect(streamed.status).toBe(200);
  const lines = streamed.text.split("\n").filter((line) => line !== "");
  expect(
    new Set(lines.map((line) => (JSON.parse(line) as { cursor: { partition: string } }).cursor.partition)).size,
  ).toBe(PARTITIONS);
});

it("a list of subscriptions takes the names of a thousand event types", async () => {
  const test = await testBroker();
  const names = Array.from({ length: PARTITIONS }, (_, n) => `event_type=${String(n).padStart(255, "n")}`);
  const { status, json } = await test.call({ path: `/subscriptions?${names.join("&")}` });
  expect([status, json]).toEqual([200, { items: [], _links: {} }]);
});

it("no more than that is taken of a head, and the answer to a long one is short", async () => {
  const test = await testBroker();
  const tooLong = { "x-flow-id": "x".repeat(1_000_000) };
  expect((await test.call({ path: "/event-types", headers: tooLong })).status).toBe(431);
  const { status, headers } = await test.call({ path: "/event-types", headers: { "x-flow-id": "f".repeat(100_000) } });
  expect([status, headers["x-flow-id"]]).toEqual([200, "f".repeat(1_024)]);
  expect(http.maxHeaderSize).toBe(16_384);
});
