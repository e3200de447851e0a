/** Servers at their worst, over sockets: what they send is an error that says so, and never a hang, a crash or a hot loop. */
import http from "node:http";
import net, { type AddressInfo, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { type BatchStream, NakadiClient, type NakadiError, type StreamOptions } from "../src/index.ts";

const HEAD =
  "HTTP/1.1 200 OK\r\nContent-Type: application/x-json-stream\r\n" +
  "X-Nakadi-StreamId: 7b7c7100-0559-11e6-a837-0800200c9a66\r\nTransfer-Encoding: chunked\r\n";
const CURSOR = '{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"}';

const MEBIBYTE = 1024 * 1024;

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

interface Bad {
  stream: BatchStream;
  retries: NakadiError[];
  /** Sockets that are open now. */
  sockets: Set<Socket>;
}

async function listening(server: net.Server, options: StreamOptions): Promise<Bad> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const nakadi = new NakadiClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const retries: NakadiError[] = [];
  const stream = nakadi.stream("s", { ...options, onRetry: (error) => void retries.push(error) });
  onTestFinished(async () => {
    await nakadi.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { stream, retries, sockets };
}

/** A server that says `answer` to the first request of each connection, byte for byte. */
function saying(answer: (socket: Socket) => void, options: StreamOptions = {}): Promise<Bad> {
  return listening(
    net.createServer((socket) => socket.once("data", () => answer(socket))),
    options,
  );
}

describe("a line", () => {
  it.each([
    ["a megabyte", { maxLineBytes: MEBIBYTE }, MEBIBYTE],
    ["the default, 256 MiB", {}, 256 * MEBIBYTE],
  ])(
    "of 2 GB is dropped at its maximum, and so is the connection: %s",
    async (_what, options, limit) => {
      const part = Buffer.from(chunk("x".repeat(MEBIBYTE)));
      const { arrayBuffers } = process.memoryUsage();
      let sent = 0;
      let heldMost = 0;
      const { stream, sockets } = await saying((socket) => {
        const pour = (): void => {
          while (sent < 2 ** 31 && !socket.destroyed) {
            sent += part.length;
            heldMost = Math.max(heldMost, process.memoryUsage().arrayBuffers - arrayBuffers);
            if (!socket.write(part)) return void socket.once("drain", pour);
          }
        };
        socket.write(`${HEAD}\r\n`);
        pour();
      }, options);
      await expect(stream.nextBatch()).rejects.toMatchObject({
        code: "PROTOCOL",
        message: expect.stringContaining(`maxLineBytes, ${limit} bytes`),
      });
      await expect.poll(() => sockets.size).toBe(0);
      // Beyond the line itself: what sockets buffer, and chunks that were not collected yet.
      const slack = 64 * MEBIBYTE;
      expect(stream.state).toBe("failed");
      expect(sent).toBeLessThan(limit + slack);
      expect(heldMost).toBeLessThan(limit + slack);
    },
    60_000,
  );

  it("is delivered when it is there, not when its chunk's line end is", async () => {
    const line = `{"cursor":${CURSOR},"events":[{"n":1}]}\n`;
    const { stream } = await saying((socket) => socket.write(`${HEAD}\r\n${chunk(line).slice(0, -2)}`));
    expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
  });

  it("of 40 MB is delivered whole, though the server ends the stream right behind it", async () => {
    const events = JSON.stringify(Array.from({ length: 1_000_000 }, (_, n) => ({ n, tags: ["x"], other: ["y"] })));
    const { stream, retries } = await saying((socket) => {
      socket.end(`${HEAD}\r\n${chunk(`{"cursor":${CURSOR},"events":${events}}\n`)}0\r\n\r\n`);
    });
    const batch = await stream.nextBatch();
    expect(Buffer.from(batch?.raw ?? []).equals(Buffer.from(events))).toBe(true);
    expect(retries).toEqual([]);
  }, 60_000);

  it("behind fifty thousand keep-alives is delivered like any other", async () => {
    const keepAlive = `{"cursor":${CURSOR}}\n`;
    const flood = chunk(keepAlive.repeat(1_000));
    const { stream, retries } = await saying((socket) => {
      socket.write(`${HEAD}\r\n`);
      for (let i = 0; i < 50; i += 1) socket.write(flood);
      socket.write(chunk(`{"cursor":${CURSOR},"events":[{"n":1}]}\n`));
    });
    expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
    expect(retries).toEqual([]);
  }, 60_000);
});

describe("an answer that is not a stream", () => {
  it.each<[string, string, string]>([
    ["HTML with a 200", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "PROTOCOL"],
    ["no HTTP at all", "SSH-2.0-OpenSSH_9.6\r\n", "TRANSPORT"],
    ["gzip that breaks off, and was not asked for", `${HEAD}Content-Encoding: gzip\r\n\r\n`, "PROTOCOL"],
  ])("%s is reported and tried again, with a growing delay", async (what, head, code) => {
    const { retries, stream } = await saying((socket) => {
      const body = what.startsWith("gzip") ? gzipSync(`{"cursor":${CURSOR}}\n`.repeat(50)).subarray(0, 60) : undefined;
      socket.write(head);
      if (body) {
        socket.write(`${body.length.toString(16)}\r\n`);
        socket.write(body);
        socket.write("\r\n1\r\n\n\r\n");
      }
      socket.end();
    });
    await expect.poll(() => retries.length).toBeGreaterThan(2);
    expect(new Set(retries.map((error) => error.code))).toEqual(new Set([code]));
    expect(stream.state).not.toBe("failed");
  });

  it("a redirect is fatal, and is not followed", async () => {
    const asked: (string | undefined)[] = [];
    const server = http.createServer(({ url }, response) => {
      asked.push(url);
      response.writeHead(302, { location: "/login" }).end();
    });
    const { stream } = await listening(server, {});
    await expect(stream.nextBatch()).rejects.toMatchObject({ code: "HTTP", status: 302 });
    expect(asked).toEqual(["/subscriptions/s/events"]);
  });
});

describe("GO9", () => {
  it.each([503, 409])("a %i whose body never ends keeps no connection, however often it comes", async (status) => {
    const page = "x".repeat(70_000);
    let asked = 0;
    const server = http.createServer((_request, response) => {
      asked += 1;
      response.writeHead(status).write(page);
    });
    const { sockets } = await listening(server, { retry: { maxDelayMs: 10 } });
    await expect.poll(() => asked).toBeGreaterThan(20);
    expect(sockets.size).toBeLessThan(4);
  });

  it.each([403, 404, 422])("%i is an error for each reader, and not tried again", async (status) => {
    let asked = 0;
    const server = http.createServer((_request, response) => {
      asked += 1;
      response.writeHead(status).end();
    });
    const { stream, retries } = await listening(server, { retry: { maxDelayMs: 10 } });
    await expect(stream.nextBatch()).rejects.toMatchObject({ status });
    expect([asked, retries]).toEqual([1, []]);
  });
});
