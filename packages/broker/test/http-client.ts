/** A plain HTTP client for tests: every header and path goes out as written, each call on its own connection. */
import http from "node:http";
import { LineSplitter } from "nakadi-protocol";

export interface Call {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  json?: unknown;
  body?: Uint8Array | string;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** The body read as JSON; reading it fails the test if it is none. */
  json: unknown;
}

export interface StreamLine {
  cursor: { partition: string; offset: string; event_type: string; cursor_token: string };
  events?: unknown[];
  info?: { debug: string };
}

function send(
  baseUrl: string,
  { method = "GET", path, headers = {}, json, body }: Call,
): Promise<http.IncomingMessage> {
  const payload = json === undefined ? body : JSON.stringify(json);
  const { hostname, port } = new URL(baseUrl);
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const length = payload === undefined ? {} : { "content-length": String(Buffer.byteLength(payload)) };
  return new Promise((resolve, reject) => {
    const request = http.request({
      hostname,
      port,
      method,
      path,
      agent: false,
      headers: { ...type, ...length, ...headers },
    });
    request.on("response", resolve).on("error", reject);
    request.end(payload);
  });
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export async function call(baseUrl: string, request: Call): Promise<Answer> {
  const response = await send(baseUrl, request);
  const text = await textOf(response);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text) as unknown;
    },
  };
}

/** Lines of an open stream, in order; reading waits for them. */
export class LineStream {
  readonly id: string;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly #response: http.IncomingMessage;
  readonly #lines: StreamLine[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  private constructor(response: http.IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.id = String(response.headers["x-nakadi-streamid"] ?? "");
    const splitter = new LineSplitter(100_000_000);
    response.on("data", (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) this.#lines.push(JSON.parse(Buffer.from(line).toString()) as StreamLine);
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    response.on("end", end).on("error", end).on("close", end);
  }

  static async open(baseUrl: string, request: Call): Promise<LineStream> {
    const response = await send(baseUrl, request);
    if (response.statusCode !== 200) {
      throw new Error(`${request.path} answered ${response.statusCode}: ${await textOf(response)}`);
    }
    return new LineStream(response);
  }

  /** The next line; fails the test if the stream ends instead. */
  async next(): Promise<StreamLine> {
    const line = await this.#nextOrEnd();
    if (!line) throw new Error("The stream ended where a line was expected.");
    return line;
  }

  /** The next line that carries events. */
  async nextEvents(): Promise<StreamLine> {
    for (;;) {
      const line = await this.next();
      if (line.events) return line;
    }
  }

  /** All lines up to the end. */
  async rest(): Promise<StreamLine[]> {
    const lines: StreamLine[] = [];
    for (let line = await this.#nextOrEnd(); line; line = await this.#nextOrEnd()) lines.push(line);
    return lines;
  }

  /** Lines that are here already. */
  get waiting(): number {
    return this.#lines.length;
  }

  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /** Drops the connection. */
  close(): void {
    this.#response.destroy();
  }

  async #nextOrEnd(): Promise<StreamLine | undefined> {
    while (this.#lines.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#lines.shift();
  }
}
