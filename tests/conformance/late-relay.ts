/**
 * A server that is as late as a real Nakadi is (protocol, what was seen in December 2026), made of a broker and a relay: it
 * notices late that a client has gone, takes commits until a stream has ended, and opens streams of what was deleted.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";

/** How long after its client a stream goes on, and how long after its last line it ends. */
const LATE_MS = 2_500;
const LAST_LINE = '"debug":"Commit timeout reached"';

export class LateRelay implements AsyncDisposable {
  readonly #server: http.Server;
  readonly #target: URL;
  /** Ids of subscriptions, and of streams that have said their last word and have not ended. */
  readonly #deleted = new Set<string>();
  readonly #ending = new Set<string>();

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = http.createServer((request, response) => this.#pass(request, response));
  }

  static async start(target: string): Promise<LateRelay> {
    const relay = new LateRelay(target);
    await new Promise<void>((resolve) => relay.#server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method, url: path = "/", headers } = request;
    const [, id = "", resource] = /^\/subscriptions\/([^/?]+)(?:\/(\w+))?/.exec(path) ?? [];
    if (method === "GET" && resource === "events" && this.#deleted.has(id)) {
      response.writeHead(200, { "content-type": "application/x-json-stream", "x-nakadi-streamid": id }).flushHeaders();
      return;
    }
    if (method === "POST" && resource === "cursors" && this.#ending.has(String(headers["x-nakadi-streamid"]))) {
      request.resume();
      response.writeHead(204).end();
      return;
    }
    const { hostname, port } = this.#target;
    const upstream = http.request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      if (method === "DELETE" && resource === undefined && answer.statusCode === 204) this.#deleted.add(id);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (method === "GET" && resource === "events" && answer.statusCode === 200) this.#stream(answer, response);
      else answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  }

  #stream(answer: http.IncomingMessage, response: http.ServerResponse): void {
    const streamId = String(answer.headers["x-nakadi-streamid"]);
    response.flushHeaders();
    answer.on("data", (chunk: Buffer) => {
      if (chunk.includes(LAST_LINE)) this.#ending.add(streamId);
      response.write(chunk);
    });
    answer.on("error", () => response.destroy());
    answer.on("end", () => {
      setTimeout(
        () => {
          this.#ending.delete(streamId);
          response.end();
        },
        this.#ending.has(streamId) ? LATE_MS : 0,
      );
    });
    response.on("close", () => setTimeout(() => answer.destroy(), LATE_MS));
  }
}
