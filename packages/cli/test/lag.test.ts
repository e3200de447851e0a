import { describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";
import { type TestServer, testServer } from "./test-server.ts";

const events = (count: number): { order: string }[] =>
  Array.from({ length: count }, (_, index) => ({ order: `${index}` }));

async function subscribed(partitions = 2): Promise<TestServer & { eventType: string; id: string }> {
  const server = await testServer();
  const eventType = await server.orders("order.created", partitions);
  const { id } = await server.nakadi.subscriptions.ensure({
    owning_application: "billing",
    event_types: [eventType],
    consumer_group: "invoices",
    read_from: "begin",
  });
  await server.nakadi.publisher(eventType).publish(events(30));
  return { ...server, eventType, id };
}

const FAST = ["--interval", "0.1"];

describe("nakadi lag", () => {
  it("shows each partition of a subscription, and all of them together", async () => {
    const { url, id } = await subscribed();
    const { code, stdout, stderr } = runCommand(["lag", id, "--url", url, ...FAST]);
    expect([await code, stderr.text]).toEqual([0, ""]);
    const [title, head, first, second, total] = stdout.text.split("\n");
    expect(title).toBe(`${id}  billing / invoices`);
    expect(head).toMatch(/^EVENT-TYPE +PARTITION +UNCONSUMED +TIME-LAG +EVENTS\/S +CATCH-UP +OWNER$/);
    expect(first).toMatch(/^order\.created +0 +\d+ +\d+s +0 +- +-$/);
    expect(second).toMatch(/^order\.created +1 +\d+ +\d+s +0 +- +-$/);
    expect(total).toMatch(/^total +- +30 +\d+s +0 +- +streams:0$/);
  });

  it("without a name: a line for each subscription", async () => {
    const { url, id } = await subscribed();
    const { code, stdout } = runCommand(["lag", "--url", url, ...FAST]);
    expect(await code).toBe(0);
    expect(stdout.text).toMatch(new RegExp(`^${id} +billing +order\\.created +30 +\\d+s +0 +- +0/2$`, "m"));
  });

  it("has a word in each cell, also for what is not known and for names with spaces", async () => {
    const { url, nakadi, eventType, id } = await subscribed();
    const group = { owning_application: "the shop", consumer_group: "all of it", event_types: [eventType] };
    await nakadi.subscriptions.ensure(group);
    for (const output of ["table", "wide"]) {
      const all = runCommand(["lag", "--url", url, "-o", output, ...FAST]);
      const one = runCommand(["lag", id, "--url", url, "-o", output, ...FAST]);
      expect([await all.code, await one.code]).toEqual([0, 0]);
      const [, ...partitions] = one.stdout.text.trimEnd().split("\n");
      for (const table of [all.stdout.text.trimEnd().split("\n"), partitions]) {
        const words = table.map((line) => line.split(/ +/).length);
        expect(words).toEqual(words.map(() => words[0]));
      }
      expect(all.stdout.text).toMatch(/ the\\u0020shop /);
    }
  });

  it("programs get numbers, and null for what is not known", async () => {
    const { url, id, nakadi, eventType } = await subscribed(1);
    const { code, stdout } = runCommand(["lag", id, "--url", url, "-o", "json", ...FAST]);
    expect(await code).toBe(0);
    expect(JSON.parse(stdout.text)).toEqual([
      {
        subscription: id,
        event_type: eventType,
        partition: "0",
        state: "unassigned",
        stream_id: null,
        unconsumed_events: 30,
        time_lag_seconds: expect.any(Number) as number,
        events_per_second: 0,
        catch_up_seconds: null,
      },
    ]);
    await nakadi.close();
  });

  it("names the owner and the speed while a stream commits", async () => {
    const { url, id, nakadi } = await subscribed(1);
    const stream = nakadi.stream(id, { batchLimit: 1, batchFlushTimeoutSeconds: 1 });
    const { code, stdout, stop } = runCommand(["lag", id, "--watch", "-o", "ndjson", "--url", url, ...FAST]);
    const batch = await stream.nextBatch();
    await stdout.seen(/"events_per_second":0,/);
    if (batch) await stream.commit(batch);
    const [line] = await stdout.seen(/^.*"events_per_second":[1-9].*$/m);
    expect(JSON.parse(line)).toMatchObject({ stream_id: batch?.streamId, state: "assigned", unconsumed_events: 29 });
    stop("SIGINT");
    expect(await code).toBe(130);
    await stream.close();
  });

  it("--watch redraws a table with its course on a terminal, and shows the cursor again at the end", async () => {
    const { url, id } = await subscribed(1);
    const surroundings = { isTTY: true, env: { NO_COLOR: "1" } };
    const { code, stdout, stop } = runCommand(["lag", id, "--watch", "--url", url, ...FAST], surroundings);
    await stdout.seen(/ {2}███ +-\n.* {2}███ +streams:0\n/);
    expect(stdout.text).toContain("\u001B[5A\r\u001B[0J");
    stop("SIGINT");
    expect(await code).toBe(130);
    expect(stdout.text.startsWith("\u001B[?25l")).toBe(true);
    expect(stdout.text.endsWith("\u001B[?25h")).toBe(true);
  });

  it("--watch of all shows the numbers on eighty columns, whatever the event types are called", async () => {
    const { url, nakadi, orders } = await subscribed(1);
    const event_types = [await orders("order.".repeat(10) + "created"), await orders("order.".repeat(10) + "paid")];
    await nakadi.subscriptions.ensure({ owning_application: "billing", event_types });
    const { stdout, stop, code } = runCommand(["lag", "--watch", "--url", url, ...FAST], { isTTY: true, columns: 80 });
    await stdout.seen(/^[^]*SUBSCRIPTION +UNCONSUMED +TIME-LAG +EVENTS\/S +CATCH-UP/);
    stop("SIGINT");
    expect(await code).toBe(130);
  });

  it.each([80, 100, 120])(
    "fits a terminal of %d columns, whatever the names are; a pipe gets all of it",
    async (columns) => {
      const { url, nakadi, orders } = await subscribed();
      const event_types = [
        await orders("order.".repeat(10) + "created"),
        await orders("order.".repeat(10) + "paid", 3),
      ];
      const { id } = await nakadi.subscriptions.ensure({ owning_application: "b".repeat(60), event_types });
      await nakadi.subscriptions.ensure({ owning_application: "billing", event_types });
      for (const args of [["lag"], ["lag", id], ["lag", "--watch"], ["lag", id, "--watch"]]) {
        const shown = runCommand([...args, "--url", url, ...FAST], { isTTY: true, columns, env: { NO_COLOR: "1" } });
        await shown.stdout.seen(/UNCONSUMED +TIME-LAG[^]*\n[^]*\n/);
        shown.stop("SIGINT");
        await shown.code;
        // oxlint-disable-next-line no-control-regex -- the cursor is moved and hidden
        const lines = shown.stdout.text.replaceAll(/\u001B\[[?\d]*[A-Za-z]/g, "").split(/[\r\n]+/);
        expect(lines.filter((line) => line.length > columns)).toEqual([]);
        expect(shown.stdout.text).toContain(id);
      }
      const pipe = runCommand(["lag", "--url", url, ...FAST], { columns });
      expect(await pipe.code).toBe(0);
      expect(pipe.stdout.text).toMatch(
        /^SUBSCRIPTION +APPLICATION +EVENT-TYPES +UNCONSUMED +TIME-LAG +EVENTS\/S +CATCH-UP +STREAMS$/m,
      );
      expect(pipe.stdout.text).toContain(event_types.join(","));
    },
  );

  it("--watch of all goes on without a subscription that is deleted; of that one it fails", async () => {
    const { url, id, nakadi, eventType } = await subscribed(1);
    const other = await nakadi.subscriptions.ensure({ owning_application: "shop", event_types: [eventType] });
    const all = runCommand(["lag", "--watch", "-o", "ndjson", "--url", url, ...FAST]);
    const one = runCommand(["lag", other.id, "--watch", "-o", "ndjson", "--url", url, ...FAST]);
    await Promise.all([all.stdout.seen(new RegExp(other.id)), one.stdout.seen(new RegExp(other.id))]);
    await nakadi.subscriptions.delete(other.id);
    expect(await one.code).toBe(1);
    const before = all.stdout.text.length;
    await expect.poll(() => all.stdout.text.slice(before)).toMatch(new RegExp(`^.*${id}.*\n.*${id}`, "m"));
    expect(all.stdout.text.split("\n").at(-2)).toContain(id);
    all.stop("SIGINT");
    expect(await all.code).toBe(130);
  });

  it("--watch of all shows a subscription that is new", async () => {
    const { url, id, nakadi, eventType } = await subscribed(1);
    const { stdout, stop, code } = runCommand(["lag", "--watch", "-o", "ndjson", "--url", url, ...FAST]);
    await stdout.seen(new RegExp(id));
    const other = await nakadi.subscriptions.ensure({
      owning_application: "shop",
      event_types: [eventType],
      read_from: "begin",
    });
    // Its speed needs a second look.
    await stdout.seen(new RegExp(`"subscription":"${other.id}".*"unconsumed_events":30,.*"events_per_second":0,`));
    expect(stdout.text.slice(stdout.text.indexOf(other.id))).toContain(id);
    stop("SIGINT");
    expect(await code).toBe(130);
  });

  it("--watch shows no more lines than can be redrawn", async () => {
    const { url, nakadi, eventType } = await subscribed(1);
    for (let group = 0; group < 10; group += 1) {
      await nakadi.subscriptions.ensure({
        owning_application: "billing",
        event_types: [eventType],
        consumer_group: `invoices-${group}`,
      });
    }
    const { code, stdout, stop } = runCommand(["lag", "--watch", "--url", url, ...FAST], { isTTY: true });
    const [screen] = await stdout.seen(/SUBSCRIPTION[^]*?… 5 lines more\n\d\d:\d\d:\d\d\n/);
    // The terminal of these tests has ten, and the cursor stands on one.
    expect(screen.split("\n")).toHaveLength(10);
    await stdout.seen(/\[9A\r/);
    stop("SIGINT");
    expect(await code).toBe(130);
  });

  it.each([
    [29, 1],
    [30, 0],
  ])("--fail-over %d exits with %d when 30 events are left", async (limit, exit) => {
    const { url, id } = await subscribed();
    const { code, stderr } = runCommand(["lag", id, "--fail-over", String(limit), "--url", url, ...FAST]);
    expect(await code).toBe(exit);
    expect(stderr.text).toBe(exit === 0 ? "" : `nakadi: subscription ${id} is 30 events behind, more than 29\n`);
  });

  describe("of a subscription that was never read", () => {
    async function neverRead(read_from: "begin" | "end"): Promise<{ url: string; id: string }> {
      const { url, eventType } = await subscribed();
      const response = await fetch(`${url}/subscriptions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ owning_application: "new", event_types: [eventType], read_from }),
      });
      return { url, id: ((await response.json()) as { id: string }).id };
    }

    it.each(["begin", "end"] as const)("--fail-over fails, whatever the bound is: read_from %s", async (from) => {
      const { url, id } = await neverRead(from);
      const { code, stderr } = runCommand(["lag", id, "--fail-over", "100000", "--url", url, ...FAST]);
      expect([await code, stderr.text]).toEqual([
        1,
        `nakadi: subscription ${id} has partitions that were never read, so it is not known how far it is behind\n`,
      ]);
    });

    it.each([
      ["table", /^total +- +- +- /m],
      ["wide", /^total +- +- +- /m],
      ["json", /"unconsumed_events": null/],
      ["ndjson", /"unconsumed_events":null/],
      ["yaml", /unconsumed_events: null/],
    ])("as %s it is unknown, not 0", async (output, unknown) => {
      const { url, id } = await neverRead("begin");
      const one = runCommand(["lag", id, "-o", output, "--url", url, ...FAST]);
      const all = runCommand(["lag", "-o", output, "--url", url, ...FAST]);
      expect([await one.code, await all.code]).toEqual([0, 0]);
      expect(one.stdout.text).toMatch(unknown);
      expect(one.stdout.text).not.toMatch(/unconsumed_events"?: ?0/);
      expect(all.stdout.text).toMatch(
        ["table", "wide"].includes(output) ? new RegExp(`^${id} +new .* - +- `, "m") : unknown,
      );
    });
  });

  it("says that there is no such subscription", async () => {
    const { url } = await testServer();
    const { code, stderr } = runCommand(["lag", "nonsense", "--url", url]);
    expect(await code).toBe(1);
    expect(stderr.text).toBe(
      "nakadi: there is no subscription nonsense. A subscription is named by its id. `nakadi lag` lists all that there are\n",
    );
  });

  it.each([
    [["--interval", "0"], "from 0.1 to 3600"],
    [["--fail-over", "-1"], "whole number from 0"],
    [["--fail-over", "1", "--watch"], "cannot be used with"],
    [["--output", "xml"], "Allowed choices are table, wide, json, ndjson, yaml"],
  ])("%j is a usage error", async (args, message) => {
    const { code, stderr } = runCommand(["lag", ...args]);
    expect(await code).toBe(2);
    expect(stderr.text).toContain(message);
  });

  it("nothing to show is not an error", async () => {
    const { url } = await testServer();
    const { code, stdout } = runCommand(["lag", "--url", url, "-o", "json", ...FAST]);
    expect([await code, stdout.text]).toEqual([0, "[]\n"]);
  });
});
