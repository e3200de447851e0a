/**
 * The transport over undici, which is loaded with the first request. Streams are read through its dispatch handler, with
 * connections of their own, so that a stream never keeps a commit waiting.
 */
import type { Agent, Dispatcher } from "undici";
import { type Clock, systemClock } from "nakadi-protocol";
import { NakadiError, nakadiError, ProtocolError, TimeoutError } from "../errors/nakadi-error.ts";
import { wholeNumber } from "../options/checks.ts";
import { type BaseUrl, parseBaseUrl, withoutQuery } from "./base-url.ts";
import type {
  BufferedResponse,
  RequestLimits,
  ResponseHead,
  StreamResponse,
  Transport,
  TransportRequest,
} from "./transport.ts";
import { UndiciStream } from "./undici-stream.ts";

export interface UndiciTransportOptions {
  /** Milliseconds until a connection must stand. Default 10 000. */
  connectTimeoutMs?: number;
  clock?: Clock;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
/** A stream has its connection for itself. */
const NO_PIPELINING = 1;

/** What went wrong before anything left. */
function unsent({ method, path }: TransportRequest, error: unknown): NakadiError {
  return nakadiError(error, { request: `${method} ${withoutQuery(path)}`, sent: false });
}

export class UndiciTransport implements Transport {
  readonly #base: BaseUrl;
  readonly #connectTimeoutMs: number;
  readonly #clock: Clock;
  #agents: Promise<{ requests: Agent; streams: Agent }> | undefined;
  #closed = false;

  constructor(baseUrl: string, { connectTimeoutMs, clock = systemClock }: UndiciTransportOptions = {}) {
    this.#base = parseBaseUrl(baseUrl);
    this.#connectTimeoutMs = wholeNumber(
      "options.connectTimeoutMs",
      connectTimeoutMs,
      { min: 1 },
      DEFAULT_CONNECT_TIMEOUT_MS,
    );
    this.#clock = clock;
  }

  async request(request: TransportRequest, limits: RequestLimits, signal?: AbortSignal): Promise<BufferedResponse> {
    const { requests } = await this.#load();
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      let head: ResponseHead | undefined;
      let settled = false;
      const settle = (act: () => void): void => {
        if (settled) return;
        settled = true;
        timer.cancel();
        act();
      };
      const stream = new UndiciStream(signal, {
        head: (received) => (head = received),
        chunk(chunk) {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= limits.maxBytes) return;
          settle(() => reject(new ProtocolError(`the answer is longer than ${limits.maxBytes} bytes`)));
          stream.close();
        },
        ended: () => settle(() => resolve({ ...(head ?? { status: 0, headers: {} }), body: Buffer.concat(chunks) })),
        failed: (error) => settle(() => reject(stream.started || signal?.aborted ? error : unsent(request, error))),
      });
      const timer = this.#clock.schedule(limits.timeoutMs, () => {
        settle(() => reject(new TimeoutError(`no answer within ${limits.timeoutMs} ms`, { sent: stream.started })));
        stream.close();
      });
      try {
        requests.dispatch(this.#dispatchOptions(request), stream);
      } catch (error) {
        settle(() => reject(error));
        stream.close();
      }
    });
  }

  async openStream(request: TransportRequest, headTimeoutMs: number, signal?: AbortSignal): Promise<StreamResponse> {
    const { streams } = await this.#load();
    return new Promise((resolve, reject) => {
      const stream = new UndiciStream(signal, {
        head: (head) => {
          timer.cancel();
          resolve(stream.responseOf(head));
        },
        chunk: (chunk) => stream.deliver((listener) => listener.chunk(chunk)),
        ended: () => stream.deliver((listener) => listener.ended()),
        failed: (error) => {
          timer.cancel();
          reject(error);
          stream.deliver((listener) => listener.failed(error));
        },
      });
      const timer = this.#clock.schedule(headTimeoutMs, () => {
        reject(new TimeoutError(`no answer within ${headTimeoutMs} ms`));
        stream.close();
      });
      try {
        streams.dispatch(this.#dispatchOptions(request), stream);
      } catch (error) {
        timer.cancel();
        reject(error);
        stream.close();
      }
    });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    const agents = await this.#agents;
    await Promise.all([agents?.requests.destroy(), agents?.streams.destroy()]);
  }

  #dispatchOptions({ method, path, headers, body }: TransportRequest): Dispatcher.DispatchOptions {
    return {
      origin: this.#base.origin,
      path: `${this.#base.path}${path}`,
      method,
      headers: { ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.length) }),
    };
  }

  #load(): Promise<{ requests: Agent; streams: Agent }> {
    if (this.#closed) return Promise.reject(new NakadiError("CLOSED", "the client is closed"));
    this.#agents ??= import("undici").then(({ Agent: UndiciAgent }) => {
      const common = { connect: { timeout: this.#connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 };
      return {
        requests: new UndiciAgent(common),
        streams: new UndiciAgent({ ...common, pipelining: NO_PIPELINING }),
      };
    });
    return this.#agents;
  }
}
