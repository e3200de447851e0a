import { describe, expect, it } from "vitest";
import { runCommand, type Surroundings } from "./run-command.ts";
import { testServer } from "./test-server.ts";

async function withOrders(orders: readonly string[], partitions = 1) {
  const server = await testServer();
  const eventType = await server.orders("order.created", partitions);
  if (orders.length > 0) await server.nakadi.publisher(eventType).publish(orders.map((order) => ({ order })));
  return {
    ...server,
    search: (args: readonly string[], surroundings?: Surroundings) =>
      runCommand(["search", eventType, ...args, "--url", server.url], surroundings),
  };
}

const MANY = Array.from({ length: 60 }, (_, index) => `order-${index}`);
const offset = (n: number): string => `001-0001-${String(n).padStart(18, "0")}`;

describe("nakadi search", () => {
  it("finds events in all partitions, prints them as they are stored, and exits with 0", async () => {
    const { search } = await withOrders(MANY, 4);
    const { code, stdout, stderr } = search(["--where", "order == 'order-7' || order == 'order-42'"]);
    expect(await code).toBe(0);
    expect(stdout.text.trim().split("\n").sort()).toEqual(['{"order":"order-42"}', '{"order":"order-7"}']);
    expect(stderr.text).toBe("2 found in order.created, of 60 events\n");
  });

  it("exits with 1 where there is none", async () => {
    const { search } = await withOrders(MANY, 4);
    const { code, stdout, stderr } = search(["--key", "order-99"]);
    expect([await code, stdout.text, stderr.text]).toEqual([1, "", "nothing found in order.created, of 60 events\n"]);
  });

  it("exits with 2 where it could not look", async () => {
    const { search, close } = await withOrders([]);
    await close();
    const { code, stderr } = search(["--key", "a"]);
    expect(await code).toBe(2);
    expect(stderr.text).toContain("Is a broker there?");
  });

  it.each([
    [
      ["--limit", "2"],
      ["a", "b"],
    ],
    [
      ["--from", `0:${offset(0)}`],
      ["b", "c"],
    ],
    [["--from", `0:${offset(0)}`, "--until", `0:${offset(1)}`], ["b"]],
    [
      ["--partition", "0"],
      ["a", "b", "c"],
    ],
  ])("%j finds %j", async (args, expected) => {
    const { search } = await withOrders(["a", "b", "c"]);
    const { code, stdout } = search(["--where", "order", "--select", "order", "--quiet", ...args]);
    expect([await code, stdout.text]).toEqual([0, expected.map((order) => `"${order}"\n`).join("")]);
  });

  it("gives programs the position of each event", async () => {
    const { search } = await withOrders(["a", "b", "c"]);
    const { code, stdout } = search(["--key", "b", "--with-position"]);
    expect(await code).toBe(0);
    expect(JSON.parse(stdout.text)).toEqual({
      position: { event_type: "order.created", partition: "0", offset: offset(1) },
      event: { order: "b" },
    });
  });

  it("has a progress bar for a person, and none in a pipe or with --quiet", async () => {
    const { search } = await withOrders(MANY, 4);
    const { code, stdout, stderr } = search(["--where", "contains(order, 'order-4')", "-o", "table"], { isTTY: true });
    await stdout.seen(/"order-4"/);
    await stderr.seen(/searching [█░]{24} \d+% \d+ events, \d+ found/);
    expect(await code).toBe(0);
    expect(stderr.text).toMatch(/11 found in order\.created, of 60 events\n$/);
    const quiet = search(["--where", "contains(order, 'order-4')", "-q"], { isTTY: true });
    expect([await quiet.code, quiet.stderr.text]).toEqual([0, ""]);
  });

  it("an interrupt ends it", async () => {
    const { search } = await withOrders(["a"]);
    const { code, stdout, stop } = search(["--where", "order"]);
    await stdout.seen(/a/);
    stop("SIGINT");
    expect(await code).toBe(130);
  });

  it.each([
    [[], "search looks for something"],
    [["--where", "["], "is not a JMESPath expression"],
    [["--where", "nosuch(order)"], "Unknown function: nosuch()"],
    [["--key", "a", "--from", "committed"], "give its id, not an event type"],
    [["--key", "a", "--until", "tomorrow"], '--until: "tomorrow" is not a place in a log'],
    [["--key", "a", "--partition", "9"], "--partition: there are, of order.created: 0"],
    [["--key", "a", "--from", "1h"], "do not say when they came"],
    ...["--from", "--until"].flatMap((flag): [string[], string][] => [
      [
        ["--key", "a", flag, `0:${offset(7)}`],
        `${flag}: 0:${offset(7)} lies beyond the end of partition 0 of order.created, which is ${offset(0)}\n`,
      ],
      [["--key", "a", flag, "9:BEGIN"], `${flag}: 9:BEGIN is in no partition of order.created: there are 0\n`],
      [["--key", "a", flag, "0:nonsense"], `${flag}: 0:nonsense is not a position of partition 0 of order.created`],
      [["--key", "a", flag, "2999-01-01"], `${flag}: 2999-01-01 lies in the future: it is `],
    ]),
    [["--key", "a", "--from", "0:BEGIN", "--partition", "1"], "--from: 0:BEGIN names no position in partition 1\n"],
    [
      ["--key", "a", "--from", `0:${offset(0)}`, "--until", "0:BEGIN"],
      "--until lies before --from in partition 0: nothing is between them\n",
    ],
    [["--key", "a", "--from", "1h", "--until", "2h"], "--until lies before --from: nothing is between them\n"],
  ])("%j exits with 2 and says why", async (args, message) => {
    const { search } = await withOrders(["a"]);
    const { code, stdout, stderr } = search(args);
    expect([await code, stdout.text]).toEqual([2, ""]);
    expect(stderr.text).toContain(message);
  });

  it("says which event type was meant", async () => {
    const { url } = await withOrders([]);
    const { code, stderr } = runCommand(["search", "order.creatd", "--key", "a", "--url", url]);
    expect([await code, stderr.text]).toEqual([
      2,
      "nakadi: there is no event type order.creatd. Did you mean order.created?\n",
    ]);
  });
});
