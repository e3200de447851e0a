import { describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";
import { offset, withOrders } from "./tailed-orders.ts";
import { testServer } from "./test-server.ts";

describe("nakadi tail", () => {
  it("follows what comes, from now on, until it is interrupted", async () => {
    const { tail, publish, eventType } = await withOrders(["old"]);
    const { code, stdout, stderr, stop } = tail([eventType], { isTTY: false });
    await expect
      .poll(async () => {
        await publish("new");
        return stdout.text;
      })
      .toContain('{"order":"new"}\n');
    expect(stdout.text).not.toContain("old");
    stop("SIGINT");
    expect(await code).toBe(130);
    expect(stderr.text).toMatch(/^\d+ of \d+ events shown, [\d.]+ a second; to go on: --from 0:\S+\n$/);
  });

  it.each([
    [
      ["--from", "begin"],
      ["a", "b", "c", "d"],
    ],
    [[], ["a", "b", "c", "d"]],
    [["--from", "end"], []],
    [
      ["--last", "2"],
      ["c", "d"],
    ],
    [
      ["-n", "100"],
      ["a", "b", "c", "d"],
    ],
    [
      ["--from", `0:${offset(1)}`],
      ["c", "d"],
    ],
    [["--from", "0:BEGIN", "--limit", "1"], ["a"]],
    [
      ["--where", "order == 'b' || order == 'd'"],
      ["b", "d"],
    ],
    [["--key", "c"], ["c"]],
    [
      ["--partition", "0"],
      ["a", "b", "c", "d"],
    ],
  ])("--no-follow %j shows %j and ends", async (args, expected) => {
    const { orders } = await withOrders(["a", "b", "c", "d"]);
    expect(await orders("--no-follow", ...args)).toMatchObject({ exit: 0, orders: expected });
  });

  it("the position that it ends with is where the next one goes on, in every partition", async () => {
    const { orders, publish } = await withOrders(["a", "b", "c", "d", "e", "f"], 3);
    const { orders: first, err } = await orders("--no-follow", "--limit", "4");
    const [, place = ""] = /to go on: --from (\S+)/.exec(err) ?? [];
    expect(place.split(",")).toHaveLength(3);
    await publish("g");
    const { orders: rest } = await orders("--no-follow", "--from", place);
    expect([...first, ...rest].sort()).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  });

  it("begins at a time", async () => {
    const { nakadi, url } = await testServer();
    await nakadi.eventTypes.create({
      name: "order.paid",
      owning_application: "shop",
      category: "business",
      enrichment_strategies: ["metadata_enrichment"],
      schema: { type: "json_schema", schema: "{}" },
    });
    const publisher = nakadi.publisher("order.paid");
    await publisher.publish([{ order: "a" }]);
    const [before] = await received(url, "order.paid");
    await expect.poll(() => Date.now()).toBeGreaterThan(before ?? 0);
    await publisher.publish([{ order: "b" }]);
    const [, time = 0] = await received(url, "order.paid");
    const from = new Date(time).toISOString();
    const { code, stdout } = runCommand([
      "tail",
      "order.paid",
      "--from",
      from,
      "--no-follow",
      "--select",
      "order",
      "--url",
      url,
    ]);
    expect([await code, stdout.text]).toEqual([0, '"b"\n']);
  });

  it("a subscription: all of its event types, without a slot taken, without a cursor moved", async () => {
    const { nakadi, tail, publish, createType, eventType } = await withOrders([]);
    const other = await createType("order.shipped");
    const { id } = await nakadi.subscriptions.ensure({
      owning_application: "billing",
      event_types: [eventType, other],
      read_from: "begin",
    });
    await publish("a", "b");
    await nakadi.publisher(other).publish([{ order: "c" }]);
    // The only slots there are belong to this consumer.
    const stream = nakadi.stream<{ order: string }>(id, { batchFlushTimeoutSeconds: 1 });
    const batch = await stream.nextBatch();
    const state = async (): Promise<object> => ({
      stats: await nakadi.subscriptions.stats(id),
      offsets: (await nakadi.subscriptions.cursors(id)).map(({ cursor_token: _changes, ...position }) => position),
    });
    const before = await state();
    const { code, stdout } = tail([id, "--no-follow"]);
    expect(await code).toBe(0);
    expect(stdout.text.trim().split("\n").sort()).toEqual(["a", "b", "c"].map((order) => `{"order":"${order}"}`));
    expect(await state()).toEqual(before);
    const stats = await nakadi.subscriptions.stats(id);
    expect(stats.flatMap(({ partitions }) => partitions.map((one) => one.stream_id))).toEqual(
      Array.from({ length: 2 }, () => batch?.streamId),
    );
    expect(stream.state).toBe("streaming");
    if (batch) expect(await stream.commit(batch)).toMatchObject({ result: "committed" });
    await stream.close();
  });

  it("a subscription: from where its consumers are", async () => {
    const { nakadi, tail, eventType, publish } = await withOrders([]);
    const { id } = await nakadi.subscriptions.ensure({
      owning_application: "billing",
      event_types: [eventType],
      read_from: "begin",
    });
    await publish("a", "b", "c");
    const stream = nakadi.stream(id, { batchLimit: 1 });
    const batch = await stream.nextBatch();
    if (batch) await stream.commit(batch);
    await stream.close();
    const { code, stdout } = tail([id, "--from", "committed", "--no-follow"]);
    expect([await code, stdout.text]).toEqual([0, '{"order":"b"}\n{"order":"c"}\n']);
  });

  it("ends with 0 when its reader goes away", async () => {
    const { tail, eventType } = await withOrders(["a"]);
    const { code, stdout } = tail([eventType, "--from", "begin", "-q"]);
    await stdout.seen(/a/);
    stdout.close();
    expect(await code).toBe(0);
  });

  it("says that the server has gone away, and goes on trying", async () => {
    const { tail, eventType, close } = await withOrders(["a"]);
    const { code, stdout, stderr, stop } = tail([eventType, "--from", "begin"]);
    await stdout.seen(/a/);
    await close();
    await stderr.seen(/nakadi: .*; trying again\n/);
    stop("SIGTERM");
    expect(await code).toBe(143);
  });

  it.each([
    [["--from", "yesterday"], 2, '"yesterday" is not a place in a log'],
    [["--from", "begin", "--last", "1"], 2, "cannot be used with"],
    [["--from", "committed"], 2, "give its id, not an event type"],
    [["--from", "shop/0:1"], 2, "shop is not read here, only: order.created"],
    [["--from", "0:77"], 2, "--from: 0:77 lies beyond the end of partition 0 of order.created, which is 001-0001-"],
    [["--from", "2h", "--no-follow"], 2, "do not say when they came"],
    [["--partition", "0,7", "--no-follow"], 2, "--partition: there are, of order.created: 0"],
    [["--where", "order =", "--no-follow"], 2, '"order =" is not a JMESPath expression'],
    [["--where", "nosuch(order)", "--no-follow"], 2, "nosuch"],
    [["--limit", "0"], 2, "from 1 to"],
    [["-o", "xml"], 2, "Allowed choices are pretty, table, wide, json, ndjson, yaml"],
  ])("%j ends with %d and says why", async (args, exit, message) => {
    const { tail, eventType } = await withOrders(["a"]);
    const { code, stdout, stderr } = tail([eventType, ...args]);
    expect([await code, stdout.text]).toEqual([exit, ""]);
    expect(stderr.text).toContain(message);
    expect(stderr.text).not.toContain("    at ");
  });

  it.each([
    ["beyond the end", `0:${offset(3)}`, `lies beyond the end of partition 0 of order.created, which is ${offset(2)}`],
    ["in no partition", `1:${offset(0)}`, "is in no partition of order.created: there are 0"],
    ["in another timeline", "0:001-0009-000000000000000000", "is not a position of partition 0 of order.created"],
    ["in the future", "2999-01-01", "lies in the future: it is "],
  ])("exits with 2 where the place to begin is %s", async (_what, place, message) => {
    const { eventType, tail } = await withOrders(["a", "b", "c"]);
    for (const more of [[], ["--no-follow"]]) {
      const { code, stdout, stderr } = tail([eventType, "--from", place, ...more]);
      expect([await code, stdout.text]).toEqual([2, ""]);
      expect(stderr.text).toContain(`nakadi: --from: ${place} ${message}`);
    }
  });

  it("begins at the end, and before the first event, where positions say so", async () => {
    const { orders } = await withOrders(["a", "b", "c"]);
    expect((await orders("--from", `0:${offset(2)}`, "--no-follow")).orders).toEqual([]);
    expect((await orders("--from", "0:BEGIN", "--no-follow")).orders).toEqual(["a", "b", "c"]);
  });

  it("says which event type was meant, and that there is no such subscription", async () => {
    const { tail } = await withOrders([]);
    const misspelt = tail(["order.creatd"]);
    expect([await misspelt.code, misspelt.stderr.text]).toEqual([
      1,
      "nakadi: there is no event type order.creatd. Did you mean order.created?\n",
    ]);
    const unknown = tail(["4fa0d3f5-31ab-4f7b-9d1c-6d8a4a3f3c11"]);
    expect(await unknown.code).toBe(1);
    expect(unknown.stderr.text).toContain("`nakadi lag` lists all that there are");
  });
});

/** When the events of a type were received, as the server says. */
async function received(url: string, eventType: string): Promise<number[]> {
  const { code, stdout } = runCommand([
    "tail",
    eventType,
    "--no-follow",
    "-q",
    "--select",
    "metadata.received_at",
    "--url",
    url,
  ]);
  await code;
  return stdout.text
    .trim()
    .split("\n")
    .map((line) => Date.parse(JSON.parse(line) as string));
}
