/** Requests as they go over the wire, with nothing added but what the target asks for. */
import assert from "node:assert/strict";
import { type TokenSource, UndiciTransport } from "nakadi-client";
import { Header, MediaType } from "nakadi-protocol";
import type { Target } from "./target.ts";
import { WAIT_MS } from "./waiting.ts";
import { WireStream } from "./wire-stream.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface WireRequest {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it stands. */
  text?: string;
  headers?: Readonly<Record<string, string>>;
}

export interface WireAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
  /** The body as JSON; it is an assertion that it is. */
  json(): unknown;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

export class Wire {
  readonly #transport: UndiciTransport;
  readonly #token: TokenSource | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;
  readonly #streams: WireStream[] = [];

  constructor({ baseUrl, token, headers = {} }: Target, signal: AbortSignal) {
    this.#transport = new UndiciTransport(baseUrl);
    this.#token = token;
    this.#headers = headers;
    this.#signal = signal;
  }

  async send(
    method: Method,
    path: string,
    request: WireRequest = {},
    signal: AbortSignal = this.#signal,
  ): Promise<WireAnswer> {
    const limits = { timeoutMs: RESET_MS, maxBytes: MAX_BODY_BYTES };
    const { status, headers, body } = await this.#transport.request(
      await this.#prepared(method, path, request),
      limits,
      signal,
    );
    const text = new TextDecoder().decode(body);
    return {
      status,
      headers,
      text,
      json() {
        try {
          return JSON.parse(text) as unknown;
        } catch {
          throw new assert.AssertionError({ message: `${method} ${path} answered ${status} without JSON: ${text}` });
        }
      },
    };
  }

  /** Sends and demands the status. */
  async expect(status: number, method: Method, path: string, request: WireRequest = {}): Promise<WireAnswer> {
    const answer = await this.send(method, path, request);
    assert.ok(answer.status === status, `${method} ${path} answered ${answer.status}, not ${status}: ${answer.text}`);
    return answer;
  }

  /** Opens a stream; any status but 200 is an assertion that failed. */
  async open(method: "GET" | "POST", path: string, request: WireRequest = {}): Promise<WireStream> {
    const response = await this.#transport.openStream(
      await this.#prepared(method, path, request),
      WAIT_MS,
      this.#signal,
    );
    const stream = new WireStream(response, this.#signal);
    this.#streams.push(stream);
    assert.ok(response.status === 200, `${method} ${path} answered ${response.status}, not a stream`);
    return stream;
  }

  closeStreams(): void {
    for (const stream of this.#streams) stream.close();
  }

  close(): Promise<void> {
    this.closeStreams();
    return this.#transport.close();
  }

  async #prepared(method: Method, path: string, { json, text, headers = {} }: WireRequest) {
    const token = typeof this.#token === "function" ? await this.#token({ refresh: false }) : this.#token;
    const body = json === undefined ? text : JSON.stringify(json);
    return {
      method,
      path,
      headers: {
        ...(json === undefined ? {} : { [Header.contentType]: MediaType.json }),
        ...(token === undefined ? {} : { [Header.authorization]: `Bearer ${token}` }),
        ...this.#headers,
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    };
  }
}

/** A reset waits for commits for a minute. */
const RESET_MS = 70_000;
