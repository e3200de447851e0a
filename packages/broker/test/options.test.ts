import net from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { BrokerOptionsError, startBroker } from "../src/index.ts";
import { call } from "./http-client.ts";

describe("startBroker", () => {
  it("listens on loopback, on a port of its own choice, and answers /health to the byte", async () => {
    const broker = await startBroker();
    onTestFinished(() => broker.close());
    expect(broker.url).toBe(`http://127.0.0.1:${broker.port}`);
    const health = await call(broker.url, { path: "/health" });
    expect([health.status, health.headers["content-type"], health.text]).toEqual([
      200,
      "text/plain;charset=iso-8859-1",
      "OK",
    ]);
  });

  it("rejects with the system's error where it cannot listen, and leaves nothing behind", async () => {
    const first = await startBroker();
    onTestFinished(() => first.close());
    await expect(startBroker({ port: first.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it.each<[options: object]>([
    [{ port: 70_000 }],
    [{ port: 1.5 }],
    [{ host: "" }],
    [{ limits: { maxEventBytes: 0 } }],
    [{ limits: { unheardOf: 1 } }],
    [{ storage: "paper" as "memory" }],
  ])("refuses %j before it starts anything", async (options) => {
    await expect(startBroker(options)).rejects.toBeInstanceOf(BrokerOptionsError);
  });

  it("stops once, however often it is told to, and frees its port", async () => {
    const broker = await startBroker();
    await Promise.all([broker.stop(), broker.stop(), broker.close()]);
    const again = net.createServer();
    await new Promise<void>((resolve, reject) => again.listen(broker.port, "127.0.0.1", resolve).on("error", reject));
    await new Promise((resolve) => again.close(resolve));
  });

  it("does not wait for a request that never ends when it stops", async () => {
    const broker = await startBroker();
    const socket = net.connect(broker.port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.on("close", resolve).on("error", () => undefined));
    await new Promise<void>((resolve) => {
      socket.write("POST /event-types HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", () => resolve());
    });
    await broker.stop({ drainMs: 10 });
    await closed;
  });
});
