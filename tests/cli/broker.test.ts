import { describe, expect, it } from "vitest";
import { NakadiClient } from "nakadi-client";
import { uncategorized } from "../support/event-types.ts";
import { nakadiCommand } from "../support/command.ts";

const READY = /^nakadi broker listening on (http:\/\/127\.0\.0\.1:\d+) \(memory\)\n/;

describe("the nakadi broker command, as a process", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "serves until %s, ends open streams cleanly and exits with 0",
    async (signal) => {
      const command = nakadiCommand("broker", "--port", "0");
      const [, url = ""] = await command.seen(READY);
      const nakadi = new NakadiClient({ baseUrl: url });
      await nakadi.eventTypes.create(uncategorized("e"));
      const { id } = await nakadi.subscriptions.ensure({ owning_application: "test", event_types: ["e"] });
      const stream = await fetch(`${url}/subscriptions/${id}/events`);
      command.process.kill(signal);
      expect(await stream.text()).toBe("");
      expect([await command.exited, command.stderr]).toEqual([0, ""]);
      await nakadi.close();
    },
  );

  it("says in one line on stderr that the port is in use, and exits with 1", async () => {
    const first = nakadiCommand("broker", "--port", "0");
    const [, url = ""] = await first.seen(READY);
    const second = nakadiCommand("broker", "--port", new URL(url).port);
    expect(await second.exited).toBe(1);
    expect(second.stdout).toBe("");
    expect(second.stderr).toMatch(/^nakadi: cannot listen on 127\.0\.0\.1 port \d+: the port is in use\..*\n$/);
  });

  it("exits with 2 for a bad option, without a stack trace", async () => {
    const command = nakadiCommand("broker", "--port", "eighty");
    expect(await command.exited).toBe(2);
    expect(command.stderr).toContain("from 0 to 65535");
    expect(command.stderr).not.toContain("    at ");
  });

  it("does not complain when its output is not read", async () => {
    const command = nakadiCommand("--help");
    command.process.stdout?.destroy();
    expect([await command.exited, command.stderr]).toEqual([0, ""]);
  });
});
