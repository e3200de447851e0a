import http from "node:http";
import net, { type AddressInfo } from "node:net";
import type { FastifyReply } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import type { StreamSink } from "../streaming/stream-sink.ts";
import { streamSink } from "./response-sink.ts";

interface Unread {
  sink: StreamSink;
  /** The client's end of the connection. */
  client: net.Socket;
}

/** A stream whose client reads nothing. */
async function unread(headers: string, takeMs: number): Promise<Unread> {
  const server = http.createServer();
  const asked = new Promise<StreamSink>((resolve) => {
    server.on("request", (request, response) => {
      const reply = { hijack: () => undefined, raw: response, getHeaders: () => ({}), request };
      resolve(streamSink(reply as unknown as FastifyReply, {}, takeMs));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = net.connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  client.write(`GET / HTTP/1.1\r\nhost: test\r\n${headers}\r\n`);
  return { sink: await asked, client };
}

/** More than the system keeps for a connection. */
const LINES = 400;
const line = (): Uint8Array => crypto.getRandomValues(new Uint8Array(65_536));

describe("a stream that has ended", () => {
  it.each([
    ["as it is", ""],
    ["compressed", "accept-encoding: gzip\r\n"],
  ])("is cut off where its client takes nothing of what is left, %s", async (_how, headers) => {
    const { sink } = await unread(headers, 50);
    const gone = new Promise<void>((resolve) => sink.onGone(resolve));
    for (let written = 0; written < LINES; written += 1) sink.write(line());
    sink.end();
    await gone;
  });

  it("is complete for a client that resumes reading", async () => {
    const { sink, client } = await unread("", 60_000);
    for (let written = 0; written < LINES; written += 1) sink.write(line());
    sink.end();
    let bytes = 0;
    for await (const chunk of client) {
      bytes += (chunk as Buffer).length;
      if ((chunk as Buffer).toString("latin1").endsWith("\r\n0\r\n\r\n")) break;
    }
    expect(bytes).toBeGreaterThan(LINES * 65_536);
  });
});
