import { once } from "node:events";
import { createServer } from "node:net";
import { startBroker } from "nakadi-broker";
import { restartPort } from "nakadi-testing";
import { expect, it, onTestFinished } from "vitest";

it("gives a port that a broker can listen on, again and again", async () => {
  const port = await restartPort();
  for (let start = 1; start <= 3; start += 1) {
    const broker = await startBroker({ port });
    expect((await fetch(`${broker.url}/health`)).status).toBe(200);
    await broker.close();
  }
});

it("gives no port that is in use, and none that the system gives to outgoing connections", async () => {
  for (let count = 1; count <= 200; count += 1) {
    const port = await restartPort();
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThanOrEqual(32_767);
    const server = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
  }
});
