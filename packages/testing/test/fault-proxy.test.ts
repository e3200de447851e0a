import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { FaultProxy, type FaultProxyOptions } from "../src/index.ts";

const LINE = '{"cursor":{"partition":"0"},"events":[{"n":1}]}\n';

interface Setting {
  proxy: FaultProxy;
  /** Answers that the server has open. */
  answers: http.ServerResponse[];
  /** Asks through the proxy, on a connection of its own. */
  ask: () => Promise<Received>;
}

interface Received {
  text: () => string;
  /** How it ended, once it has. */
  ended: Promise<"regularly" | "broken">;
  socket: Socket;
}

/** A server that answers each request with a stream of Nakadi's, or with whatever `type` says, behind a proxy. */
async function setting(options: FaultProxyOptions = {}, type = "application/x-json-stream"): Promise<Setting> {
  const answers: http.ServerResponse[] = [];
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { "content-type": type });
    response.flushHeaders();
    answers.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = await FaultProxy.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  onTestFinished(async () => {
    await proxy.close();
    server.closeAllConnections();
    server.close();
  });
  const ask = (): Promise<Received> =>
    new Promise((resolve, reject) => {
      const request = http.get(proxy.url, { agent: false }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        const ended = new Promise<"regularly" | "broken">((end) => {
          response.on("end", () => end("regularly")).on("error", () => end("broken"));
        });
        resolve({ text: () => text, ended, socket: response.socket });
      });
      request.on("error", reject);
    });
  return { proxy, answers, ask };
}

describe("a fault proxy", () => {
  it("forwards both ways, and ends what the server ends", async () => {
    const { proxy, answers, ask } = await setting();
    const received = await ask();
    expect([proxy.connections, proxy.openStreams]).toEqual([1, 1]);
    answers[0]?.end(LINE);
    expect([await received.ended, received.text()]).toEqual(["regularly", LINE]);
  });

  it("counts a connection as a stream only if its answer is one", async () => {
    const { proxy, ask } = await setting({}, "text/plain");
    await ask();
    proxy.cut();
    expect(proxy.hits("cut")).toEqual({ connections: 1, streams: 0 });
  });

  it("cuts, and resets", async () => {
    const { proxy, ask } = await setting();
    const first = await ask();
    proxy.cut();
    expect(await first.ended).toBe("broken");
    const second = await ask();
    proxy.reset();
    expect(await second.ended).toBe("broken");
    expect([proxy.hits("cut"), proxy.hits("reset"), proxy.connections]).toEqual([
      { connections: 1, streams: 1 },
      { connections: 1, streams: 1 },
      0,
    ]);
  });

  it("cuts after the given number of bytes", async () => {
    const { proxy, answers, ask } = await setting();
    const received = await ask();
    proxy.cutAfter(30);
    answers[0]?.write(LINE);
    expect(await received.ended).toBe("broken");
    expect(received.text().length).toBeLessThan(30);
    expect(proxy.hits("cutAfter")).toEqual({ connections: 1, streams: 1 });
  });

  it("cuts inside a line, never between two", async () => {
    for (const random of [0, 0.3, 0.999]) {
      const { proxy, answers, ask } = await setting({ random: () => random });
      const received = await ask();
      proxy.cutInsideLine();
      answers[0]?.write(LINE);
      expect(await received.ended).toBe("broken");
      expect(LINE.startsWith(received.text()) && received.text() !== LINE).toBe(true);
      expect(proxy.hits("cutInsideLine").streams).toBe(1);
    }
  });

  it("stalls and goes on", async () => {
    const { proxy, answers, ask } = await setting();
    const received = await ask();
    proxy.stall();
    answers[0]?.end(LINE);
    proxy.resume();
    expect([await received.ended, received.text()]).toEqual(["regularly", LINE]);
  });

  it("leaves a half-open connection without a word: the end of one side is not told to the other", async () => {
    const { proxy, answers, ask } = await setting();
    const received = await ask();
    proxy.halfOpen();
    received.socket.destroy();
    await received.ended;
    expect([proxy.connections, answers[0]?.destroyed]).toEqual([1, false]);
    expect([proxy.openStreams, proxy.hits("halfOpen").streams]).toEqual([0, 1]);
    await proxy.close();
    await expect.poll(() => answers[0]?.destroyed).toBe(true);
  });

  it("keeps a half-open connection deaf when it heals", async () => {
    const { proxy, answers, ask } = await setting();
    const deaf = await ask();
    proxy.halfOpen();
    answers[0]?.write(LINE);
    const other = await ask();
    proxy.heal();
    answers[1]?.write(LINE);
    await expect.poll(other.text).toBe(LINE);
    expect(deaf.text()).toBe("");
  });

  it("is late by the clock, and narrow", async () => {
    const clock = new ManualClock();
    const { proxy, answers, ask } = await setting({ clock });
    const received = await ask();
    proxy.delay(100);
    proxy.limitBandwidth(1_000);
    answers[0]?.write(LINE);
    await expect.poll(() => clock.pending).toBe(1);
    expect(clock.nextInMs).toBeGreaterThan(100 + LINE.length);
    clock.advance(1_000);
    await expect.poll(received.text).toBe(LINE);
    expect(proxy.hits("delay").streams).toBe(1);
  });

  it("refuses until it accepts again, and heals", async () => {
    const { proxy, ask } = await setting();
    proxy.refuse();
    await expect(ask()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(proxy.hits("refuse").connections).toBe(1);
    proxy.heal();
    await ask();
    expect(proxy.connections).toBe(1);
  });

  it("leaves nothing when it is closed, twice if need be", async () => {
    const { proxy, ask } = await setting();
    const received = await ask();
    await Promise.all([proxy.close(), proxy.close()]);
    expect([await received.ended, proxy.connections]).toEqual(["broken", 0]);
    await expect(ask()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

it("refuses options and values that would do nothing", async () => {
  const odd = { rnadom: () => 0 } as object;
  await expect(FaultProxy.start("http://127.0.0.1:1", odd)).rejects.toThrow("did you mean random?");
  for (const target of ["https://127.0.0.1:1", "127.0.0.1"])
    await expect(FaultProxy.start(target)).rejects.toMatchObject({ code: "CONFIG", path: "target" });
  await using proxy = await FaultProxy.start("http://127.0.0.1:1");
  expect(() => proxy.delay(1, { jiterMs: 1 } as object)).toThrow("did you mean jitterMs?");
  for (const odd of [Number.NaN, -1, "1" as unknown as number]) {
    expect(() => proxy.delay(odd)).toThrow("delayMs must be");
    expect(() => proxy.limitBandwidth(odd)).toThrow("bytesPerSecond must be");
    expect(() => proxy.cutAfter(odd)).toThrow("bytes must be");
  }
});
