/**
 * A server that is as late as a real Nakadi is (protocol, what was seen in December 2026), made of a broker and a relay: it
 * notices late that a client has gone, takes commits until a stream has ended, and opens streams of what was deleted.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";

/** How long after its client a stream goes on, and how long after its last line it ends. */
const LATE_MS = 2_500;
/** A busy machine makes few attempts to open a stream in that time: more of them are awaited, up to this time. */
const AWAITED_OPENS = 25;
const LATEST_MS = 15_000;
const CHECK_MS = 50;
const LAST_LINE = '"debug":"Commit timeout reached"';

export class LateRelay implements AsyncDisposable {
  readonly #server: http.Server;
  readonly #target: URL;
  /** Ids of subscriptions, and of streams that have said their last word and have not ended. */
  readonly #deleted = new Set<string>();
  readonly #ending = new Set<string>();
  /** Attempts to open a stream, by subscription. */
  readonly #opens = new Map<string, number>();

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
    if (method === "GET" && resource === "events") this.#opens.set(id, this.#opensOf(id) + 1);
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
      if (method === "GET" && resource === "events" && answer.statusCode === 200) this.#stream(id, answer, response);
      else answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  }

  #stream(id: string, answer: http.IncomingMessage, response: http.ServerResponse): void {
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
    response.on("close", () => this.#leave(answer, id, this.#opensOf(id), performance.now()));
  }

  #opensOf(id: string): number {
    return this.#opens.get(id) ?? 0;
  }

  #leave(answer: http.IncomingMessage, id: string, opensBefore: number, sinceMs: number): void {
    const opens = this.#opensOf(id) - opensBefore;
    const isEnough = opens === 0 || opens >= AWAITED_OPENS || performance.now() - sinceMs > LATEST_MS;
    if (isEnough && performance.now() - sinceMs >= LATE_MS) answer.destroy();
    else setTimeout(() => this.#leave(answer, id, opensBefore, sinceMs), CHECK_MS);
  }
}
