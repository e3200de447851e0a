import { describe, expect, it } from "vitest";
import { offset, withOrders } from "./tailed-orders.ts";

describe("nakadi tail", () => {
  it("shows events to programs as the server stored them", async () => {
    const { tail, url, eventType } = await withOrders([]);
    const event = '{"order":"\\u00e9","n":9007199254740993,"x":1.0}';
    const answer = await fetch(`${url}/event-types/${eventType}/events`, {
      method: "POST",
      body: `[${event}]`,
      headers: { "content-type": "application/json" },
    });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    const { code, stdout } = tail([eventType, "--no-follow"]);
    expect([await code, stdout.text]).toEqual([0, `${event}\n`]);
    const yaml = tail([eventType, "--no-follow", "-o", "yaml"]);
    expect([await yaml.code, yaml.stdout.text]).toEqual([0, "---\norder: é\nn: 9007199254740993\nx: 1.0\n"]);
    const exact = "{n: n, x: x, all: [n, x], one: @}";
    for (const [format, printed] of [
      [
        "ndjson",
        `{"n":9007199254740993,"x":1.0,"all":[9007199254740993,1.0],"one":${event.replace("\\u00e9", "é")}}\n`,
      ],
      [
        "yaml",
        "n: 9007199254740993\nx: 1.0\nall:\n  - 9007199254740993\n  - 1.0\none:\n  order: é\n  n: 9007199254740993\n  x: 1.0\n",
      ],
    ] as const) {
      const selected = tail([eventType, "--no-follow", "-o", format, "--select", exact]);
      expect([await selected.code, selected.stdout.text]).toEqual([0, `${format === "yaml" ? "---\n" : ""}${printed}`]);
    }
  });

  it.each([
    ["json", '{\n  "order": "a"\n}\n'],
    ["table", `0:${offset(0)}  -  {"order":"a"}\n`],
    ["wide", `order.created  0:${offset(0)}  -  {"order":"a"}\n`],
    ["pretty", `── order.created/0:${offset(0)}\n{\n  "order": "a"\n}\n`],
  ])("-o %s", async (format, expected) => {
    const { tail, eventType } = await withOrders(["a"]);
    const { code, stdout } = tail([eventType, "--no-follow", "-o", format, "-q"]);
    expect([await code, stdout.text]).toEqual([0, expected]);
  });

  it("--with-position gives programs the position", async () => {
    const { tail, eventType } = await withOrders(["a"]);
    const { code, stdout, stderr } = tail([eventType, "--no-follow", "--with-position", "--quiet"]);
    expect([await code, stderr.text]).toEqual([0, ""]);
    expect(JSON.parse(stdout.text)).toEqual({
      position: { event_type: eventType, partition: "0", offset: offset(0) },
      event: { order: "a" },
    });
  });

  it("is coloured and laid out for a person, with speed and position below", async () => {
    const { tail, eventType } = await withOrders(["a"]);
    const { code, stdout, stderr, stop } = tail([eventType, "--from", "begin"], { isTTY: true });
    await stdout.seen(/"a"/);
    expect(stdout.text).toContain('\u001B[36m"order"\u001B[39m: \u001B[32m"a"');
    await stderr.seen(new RegExp(`1 events {2}[\\d.]+/s {2}at order\\.created/0:${offset(0)}`));
    stop("SIGINT");
    expect(await code).toBe(130);
    const plain = tail([eventType, "--no-follow"], { isTTY: true, env: { NO_COLOR: "1" } });
    expect([await plain.code, plain.stdout.text.split("\n")[1]]).toEqual([0, "{"]);
  });

  it("the line below the events ends its colour, also where it is cut for a narrow terminal", async () => {
    const { tail, eventType } = await withOrders(["a"]);
    const { stderr, stop, code } = tail([eventType, "--from", "begin"], { isTTY: true, columns: 20 });
    const [, line = ""] = await stderr.seen(/\[2m(1 events[^]*?).\[22m/);
    expect(line).toHaveLength(19);
    stop("SIGINT");
    expect(await code).toBe(130);
  });
});
