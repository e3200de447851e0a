/** What a server says and does to a consumer besides delivering: retention, its own dead letters. Its clock is moved by hand. */
import { deadLetterAnnotations, type EventsLost, readDeadLetterAnnotations, type ServerMessage } from "nakadi-client";
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { testNakadi } from "../support/nakadi.ts";

interface Numbered {
  key: string;
  n: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

it("events that expired before they were read are reported, and reading goes on behind them", async () => {
  const clock = new ManualClock();
  const { nakadi, eventType, subscription } = await testNakadi({ clock });
  const name = await eventType();
  await nakadi.eventTypes.update({ ...(await nakadi.eventTypes.get(name)), options: { retention_time: DAY_MS } });
  const id = await subscription(name);
  const publisher = nakadi.publisher<Numbered>(name);
  const first = nakadi.consume<Numbered>(id, { onEvent: () => "stop" }, { maxUncommittedEvents: 1 });
  await publisher.publish([0, 1, 2, 3].map((n) => ({ key: "a", n })));
  await first.done;
  clock.advance(1.1 * DAY_MS);
  await publisher.publish([{ key: "a", n: 4 }]);
  const lost: EventsLost[] = [];
  const seen: number[] = [];
  const second = nakadi.consume<Numbered>(
    id,
    { onEvent: ({ n }) => void seen.push(n) },
    // The server's time stands still: a batch that is not full would wait forever.
    { batchLimit: 1, onEventsLost: (one) => void lost.push(one) },
  );
  await expect.poll(() => seen).toEqual([4]);
  expect(lost).toMatchObject([{ event_type: name, partition: "0", count: 3 }]);
  expect((await second.stop()).abandoned).toEqual([]);
});

it("the server's own dead letters: asked for by annotations, told while it looks for the event, and it goes on", async () => {
  const clock = new ManualClock();
  const { nakadi, eventType, subscription } = await testNakadi({ clock });
  const name = await eventType();
  const id = await subscription(name);
  const current = await nakadi.subscriptions.get(id);
  await nakadi.subscriptions.update({
    ...current,
    annotations: deadLetterAnnotations({ maxSendCount: 2, policy: "SKIP_EVENT" }),
  });
  const { annotations } = await nakadi.subscriptions.get(id);
  expect(readDeadLetterAnnotations(annotations)).toEqual({ maxSendCount: 2, policy: "SKIP_EVENT" });

  await nakadi.publisher<Numbered>(name).publish([0, 1, 2].map((n) => ({ key: "a", n })));
  const said: ServerMessage[] = [];
  const seen: number[] = [];
  const consumer = nakadi.consume<Numbered>(
    id,
    {
      // Event 1 takes the process with it, as far as the server can see: it is never committed.
      async onEvent({ n }, { signal }) {
        seen.push(n);
        if (n === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    },
    {
      batchLimit: 1,
      commit: "each",
      retry: { maxDelayMs: 10 },
      onServerMessage: ({ message }) => void said.push(message),
    },
  );
  await expect
    .poll(
      () => {
        clock.advance(1_000);
        return seen.includes(2);
      },
      { timeout: 30_000, interval: 5 },
    )
    .toBe(true);
  await consumer.stop();
  expect(seen.filter((n) => n === 1).length).toBeGreaterThan(1);
  expect(said.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["commit-timeout", "dead-letter-tracking"]));
});
