/** What a command may meet: servers that answer this or that, directories, a port that is taken. */
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./run-command.ts";
import { testServer } from "./test-server.ts";

export interface World {
  /** A broker with the event type order.created, of one partition and with one event. */
  url: string;
  /** A server that answers each request with 401. */
  refusing: string;
  /** A server that answers each request with a page. */
  page: string;
  /** An empty directory. */
  directory: string;
  /** The port of something else. */
  taken: number;
}

export async function makeWorld(): Promise<World> {
  const server = await testServer();
  const eventType = await server.orders("order.created");
  await server.nakadi.publisher(eventType).publish([{ order: "there" }]);
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "empty"));
  writeFileSync(join(directory, "file"), "");
  const problem = JSON.stringify({ title: "Unauthorized", status: 401, detail: "token expired" });
  return {
    url: server.url,
    refusing: await answering((response) =>
      response.writeHead(401, { "content-type": "application/problem+json" }).end(problem),
    ),
    page: await answering((response) => response.writeHead(200, { "content-type": "text/html" }).end("<html></html>")),
    directory,
    taken: await takenPort(),
  };
}

/** The id of a new one, which no stream has read. */
export async function subscription({ url }: World): Promise<string> {
  const response = await fetch(`${url}/subscriptions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ owning_application: "billing", event_types: ["order.created"], read_from: "begin" }),
  });
  return ((await response.json()) as { id: string }).id;
}

async function answering(answer: (response: http.ServerResponse) => void): Promise<string> {
  const server = http.createServer((_request, response) => answer(response)).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function takenPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
