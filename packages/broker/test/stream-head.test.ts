import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { testBroker } from "./test-broker.ts";

const EMPTY_LINE = "\r\n\r\n";

/** Sends a request as written; what comes back is read as it comes, and as a whole. */
function send(url: string, request: string): { until(text: string): Promise<void>; readonly received: string } {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname, () => void socket.write(request + EMPTY_LINE));
  onTestFinished(() => void socket.destroy());
  let received = "";
  socket.setEncoding("utf8").on("data", (text) => {
    received += String(text);
  });
  return {
    async until(text) {
      while (!received.includes(text)) await once(socket, "data");
    },
    get received() {
      return received;
    },
  };
}

describe("the head of a stream", () => {
  // pyNakadi reads the head through a buffer and the lines from the socket below it: lines that come with the head are lost.
  it.each(["a subscription", "an event type"])("of %s comes before its lines and without them", async (source) => {
    const { broker, call, eventType, publish, subscription } = await testBroker();
    const name = await eventType();
    const id = await subscription([name]);
    await publish(name, [{ n: 1 }]);
    const cursors = JSON.stringify([{ partition: "0", offset: "BEGIN" }]);
    const path = source === "a subscription" ? `/subscriptions/${id}/events` : `/event-types/${name}/events`;

    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const stream = send(broker.url, `GET ${path} HTTP/1.1\r\nHost: broker\r\nX-Nakadi-Cursors: ${cursors}`);
    await stream.until(EMPTY_LINE);
    for (let round = 0; round < 3; round++) await call({ path: `/subscriptions/${id}/stats` });
    expect(stream.received).toMatch(/\r\n\r\n$/);

    vi.runOnlyPendingTimers();
    await stream.until('"events":[{"n":1}]');
  });
});
