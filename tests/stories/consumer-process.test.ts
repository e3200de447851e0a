/** A consumer in a process of its own that a signal stops. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { NakadiClient } from "nakadi-client";
import { expect, it, onTestFinished } from "vitest";
import { testNakadi } from "../support/nakadi.ts";

/** Handles each event in its own time, says so, and ends with its report. */
function program(baseUrl: string, subscription: string): string {
  // A process of its own runs the build: the sources are TypeScript.
  const index = new URL("../../packages/client/dist/index.js", import.meta.url).href;
  return `
    import { NakadiClient, stopOnSignals } from ${JSON.stringify(index)};
    const nakadi = new NakadiClient({ baseUrl: ${JSON.stringify(baseUrl)} });
    let release = () => {};
    process.on("message", () => release());
    const consumer = nakadi.consume(${JSON.stringify(subscription)}, {
      async onEvent({ n }) {
        process.send({ handling: n });
        if (n === 1) await new Promise((resolve) => (release = resolve));
      },
      batchLimit: 1,
      commit: { every: { batches: 10 } },
      onState: ({ state }) => state === "draining" && process.send({ state }),
    });
    stopOnSignals([consumer], { drainMs: 60_000 });
    const report = await consumer.done;
    process.send({ report });
    process.disconnect();
    await nakadi.close();
  `;
}

it.each(["SIGTERM", "SIGINT"] as const)(
  "on %s it finishes the event it is at, commits, frees its slot, and ends by itself",
  async (signal) => {
    const { broker, nakadi, eventType, subscription } = await testNakadi();
    const name = await eventType();
    const id = await subscription(name);
    await nakadi.publisher(name).publish([0, 1, 2].map((n) => ({ key: "a", n })));
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program(broker.url, id)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const said: unknown[] = [];
    child.on("message", (message) => said.push(message));
    const exited = once(child, "exit");
    await expect.poll(() => said, { timeout: 30_000 }).toEqual([{ handling: 0 }, { handling: 1 }]);
    child.kill(signal);
    await expect.poll(() => said.at(-1), { timeout: 30_000 }).toEqual({ state: "draining" });
    // The next one waits for the slot.
    const next = new NakadiClient({ baseUrl: broker.url });
    onTestFinished(() => next.close());
    const seen: unknown[] = [];
    next.consume<{ n: number }>(id, { onEvent: ({ n }) => void seen.push(n) }, { retry: { maxDelayMs: 20 } });
    child.send("go on");
    const [code, endedBy] = (await exited) as [number | null, string | null];
    expect([code, endedBy, said.at(-1)]).toEqual([
      0,
      null,
      { report: expect.objectContaining({ batches: 2, drained: true, abandoned: expect.any(Array) }) },
    ]);
    await expect.poll(() => seen).toEqual([2]);
  },
);
