import { once } from "node:events";
import { createServer } from "node:net";
import { startBroker } from "nakadi-broker";
import { restartPort } from "nakadi-testing";
import { expect, it } from "vitest";

it("gives a port that a broker can listen on, again and again", async () => {
  const port = await restartPort();
  for (let start = 1; start <= 3; start += 1) {
    const broker = await startBroker({ port });
    expect((await fetch(`${broker.url}/health`)).status).toBe(200);
    await broker.close();
  }
});

it("gives no port that is in use, and none that the system gives to outgoing connections", async () => {
  const servers = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const port = await restartPort();
      expect(port).toBeGreaterThanOrEqual(20_000);
      expect(port).toBeLessThanOrEqual(32_767);
      const server = createServer().listen(port, "127.0.0.1");
      // Two calls at once may give the same port: it is free for both.
      await Promise.race([once(server, "listening"), once(server, "error")]);
      return server;
    }),
  );
  expect(servers.filter((server) => server.listening).length).toBeGreaterThan(150);
  for (const server of servers) server.close();
});
