/** Handlers slower than the commit timeout, and gateways that keep commits from the broker, with a real broker and real time. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { type ConsumerHealth, type ConsumerOptions, type HandlerContext, NakadiClient } from "nakadi-client";
import { expect, it, onTestFinished } from "vitest";
import { testNakadi } from "../support/nakadi.ts";

interface Numbered {
  n: number;
  key: string;
}

const numbered = (count: number): Numbered[] =>
  Array.from({ length: count }, (_, index) => ({ n: index + 1, key: "k" }));

const SHORT: ConsumerOptions<Numbered> = { batchFlushTimeoutSeconds: 1, commitTimeoutSeconds: 1, commit: "each" };
const PATIENT = { timeout: 30_000 };
/** Longer than the commit timeout, which is the server's business alone. */
const TOO_LONG_MS = 1_300;

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it.each(["onEvent", "onBatch"] as const)(
  "an %s handler that is too slow for the commit timeout, and ignores its signal, is given up on: what is behind it is handled",
  async (name) => {
    const { nakadi, eventType, subscription } = await testNakadi();
    const type = await eventType(1);
    const id = await subscription(type);
    await nakadi.publisher<Numbered>(type).publish(numbered(3));
    const tries: [n: number, attempt: number][] = [];
    const told: string[] = [];
    const handle = async (given: unknown, { attempt }: HandlerContext): Promise<void> => {
      const [{ n }] = name === "onEvent" ? [given as Numbered] : (given as { events: [Numbered] }).events;
      tries.push([n, attempt]);
      if (n === 2) await after(TOO_LONG_MS);
    };
    const health: ConsumerHealth[] = [];
    const consumer = nakadi.consume<Numbered>(
      id,
      { [name]: handle },
      {
        ...SHORT,
        batchLimit: 1,
        maxUncommittedEvents: 10,
        failure: { retry: { attempts: 3 }, onExhausted: "skip" },
        onRetry: ({ code }) => void told.push(code),
        onState: () => void health.push(consumer.health()),
      },
    );
    await expect.poll(() => tries.at(-1)?.[0], PATIENT).toBe(3);
    expect(tries).toEqual([
      [1, 1],
      [2, 1],
      [2, 2],
      [2, 3],
      [3, 1],
    ]);
    expect(told.filter((code) => code === "HANDLER")).toHaveLength(2);
    expect(health.map(({ reason }) => reason)).toContain("sessions-without-progress");
    expect(await consumer.stop()).toMatchObject({ skipped: 1, abandoned: [] });
  },
  60_000,
);

/** Lets streams through, and answers commits itself. */
async function gateway(target: string, status: number): Promise<string> {
  const server = http.createServer((request, response) => {
    if (request.method === "POST") {
      request.resume().on("end", () => response.writeHead(status).end());
      return;
    }
    const onward = http.get(target + String(request.url), (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("a gateway that keeps every commit from the server is seen in the consumer's health", async () => {
  const { broker, nakadi, eventType, subscription } = await testNakadi();
  const type = await eventType(1);
  const id = await subscription(type);
  await nakadi.publisher<Numbered>(type).publish(numbered(1));
  const client = new NakadiClient({ baseUrl: await gateway(broker.url, 503) });
  onTestFinished(() => client.close());
  const consumer = client.consume<Numbered>(id, { onBatch: () => undefined }, SHORT);
  await expect
    .poll(() => consumer.health(), PATIENT)
    .toMatchObject({
      ok: false,
      status: "stuck",
      reason: expect.stringMatching("sessions-without-progress|nothing-committed"),
    });
  await expect.poll(() => consumer.health(), PATIENT).toMatchObject({ reason: "sessions-without-progress" });
}, 60_000);
