/** A broker process that is asked to stop, and clients that notice it by nothing but the head of an answer. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { NakadiClient } from "nakadi-client";
import { uncategorized } from "../support/event-types.ts";
import { nakadiCommand, type Running } from "../support/command.ts";

const READY = /^nakadi broker listening on (http:\/\/127\.0\.0\.1:(\d+)) /;
const CLIENTS = 24;
/** Longest pause of a client between two requests. */
const PAUSE_MS = 250;
const BODY = '[{"n":1}]';
const PUBLISH = `POST /event-types/e/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const HOUR_MS = 3_600_000;

async function broker(...flags: string[]): Promise<{ command: Running; url: string; port: number }> {
  const command = nakadiCommand("broker", "--port", "0", ...flags);
  const [, url = "", port] = await command.seen(READY);
  const nakadi = new NakadiClient({ baseUrl: url });
  await nakadi.eventTypes.create(uncategorized("e"));
  await nakadi.close();
  return { command, url, port: Number(port) };
}

interface Connection {
  socket: Socket;
  closed: Promise<unknown>;
}

async function connected(port: number): Promise<Connection> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const closed = new Promise((resolve) => void socket.on("error", () => undefined).once("close", resolve));
  return { socket: socket.resume(), closed };
}

/** The next answer; its body is as long as it says. Fails when the connection ends before. */
function answer(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onEnd = (error?: unknown): void =>
      reject(new Error(`cut off after ${JSON.stringify(text)}: ${String(error)}`));
    const onData = (data: Buffer): void => {
      text += data.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (head < 0 || text.length < head + 4 + length) return;
      socket.off("data", onData).off("end", onEnd).off("error", onEnd);
      resolve(text);
    };
    socket.on("data", onData).on("end", onEnd).on("error", onEnd);
  });
}

const says = (text: string, header: string): boolean => text.toLowerCase().includes(`\r\n${header}\r\n`);

/** Publishes on one connection until an answer says that it closes. */
async function publishUntilClosed(port: number, pauseMs: number, warm: () => void): Promise<number> {
  const { socket, closed } = await connected(port);
  for (let count = 1; ; count += 1) {
    socket.write(PUBLISH);
    const text = await answer(socket);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    if (says(text, "connection: close")) {
      await closed;
      return count;
    }
    if (count === 3) warm();
    await new Promise((resolve) => void setTimeout(resolve, pauseMs));
  }
}

describe("a broker that is asked to stop", () => {
  it("cuts off no request of clients that keep their connection", async () => {
    const { command, port } = await broker();
    let warm = 0;
    let allWarm: () => void = () => undefined;
    const started = new Promise<void>((resolve) => (allWarm = resolve));
    const clients = Array.from({ length: CLIENTS }, (_, index) =>
      publishUntilClosed(port, (index * PAUSE_MS) / CLIENTS, () => ++warm === CLIENTS && allWarm()),
    );
    const idle = await connected(port);
    await Promise.race([started, Promise.all(clients)]);
    command.process.kill("SIGTERM");
    await Promise.all(clients);
    await idle.closed;
    expect([await command.exited, command.stderr]).toEqual([0, ""]);
  });

  it("ends streams, opens none on their connections and says that it is not healthy", async () => {
    const { command, url, port } = await broker("--limit", `stopDrainMs=${HOUR_MS}`);
    const nakadi = new NakadiClient({ baseUrl: url });
    const { id } = await nakadi.subscriptions.ensure({ owning_application: "test", event_types: ["e"] });
    await nakadi.close();
    const paths = [`/subscriptions/${id}/events`, "/event-types/e/events", "/health"];
    const sockets = await Promise.all(
      paths.map(async (path) => {
        const { socket } = await connected(port);
        const head = once(socket, "data");
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        expect(String(await head)).toMatch(/^HTTP\/1\.1 200 /);
        return socket;
      }),
    );
    const streams = sockets.slice(0, 2);
    const ends = Promise.all(
      streams.map(async (socket) => {
        let text = "";
        while (!text.endsWith("0\r\n\r\n")) text += String(await once(socket, "data"));
      }),
    );
    command.process.kill("SIGTERM");
    await ends;
    for (const [index, socket] of sockets.entries()) socket.write(`GET ${paths[index]} HTTP/1.1\r\nHost: x\r\n\r\n`);
    for (const text of await Promise.all(sockets.map(answer))) {
      expect(text).toMatch(/^HTTP\/1\.1 503 /);
      expect(text).toContain("The broker stops");
      expect(says(text, "connection: close")).toBe(true);
    }
    expect([await command.exited, command.stderr]).toEqual([0, ""]);
  });

  it("waits for a request in flight up to a limit", async () => {
    const { command, port } = await broker("--limit", "stopDrainMs=50");
    const { socket, closed } = await connected(port);
    socket.write(`${PUBLISH}${PUBLISH.slice(0, -1)}`);
    await answer(socket);
    command.process.kill("SIGTERM");
    await closed;
    expect(await command.exited).toBe(0);
  });

  it("answers a request whose body comes late", async () => {
    const { command, port } = await broker("--limit", `stopDrainMs=${HOUR_MS}`);
    const [{ socket: late }, other] = [await connected(port), await connected(port)];
    late.write(`${PUBLISH}${PUBLISH.slice(0, -1)}`);
    await answer(late);
    command.process.kill("SIGTERM");
    await other.closed;
    late.write(BODY.slice(-1));
    expect(await answer(late)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await command.exited).toBe(0);
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("stops at once with a second signal, %s", async (signal, code) => {
    const { command, port } = await broker("--limit", `stopDrainMs=${HOUR_MS}`);
    const [stalled, idle] = [await connected(port), await connected(port)];
    stalled.socket.write(PUBLISH.slice(0, -1));
    command.process.kill("SIGTERM");
    // Its end shows that the drain has begun.
    await idle.closed;
    command.process.kill(signal);
    expect(await command.exited).toBe(code);
  });
});
