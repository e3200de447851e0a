/**
 * The transport over undici, which is loaded with the first request. Streams have connections of their own, so that a stream never
 * delays a commit.
 */
import type { Agent, Dispatcher } from "undici";
import { type Clock, systemClock } from "nakadi-protocol";
import { NakadiError, nakadiError, ProtocolError, TimeoutError } from "../errors/nakadi-error.ts";
import { wholeNumber } from "../options/checks.ts";
import { loadUndici } from "./load-undici.ts";
import { type BaseUrl, parseBaseUrl, withoutQuery } from "./base-url.ts";
import { ConnectionSlots } from "./connection-slots.ts";
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
  /** Milliseconds until a connection must be established. Default 10 000. */
  connectTimeoutMs?: number;
  /**
   * Connections for requests at most, 1 or more; each open stream has one in addition. Further requests queue in their order,
   * commits first. An eighth of the connections, at least one of two or more, is reserved for commits. Default 64.
   */
  maxConnections?: number;
  clock?: Clock;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_CONNECTIONS = 64;
/** Bytes of a response's head: gateways add cookies and policies. undici's default is 16 KiB. */
const MAX_HEAD_BYTES = 256 * 1024;
/** A stream does not share its connection. */
const NO_PIPELINING = 1;

/** A failure before any byte was sent. */
function unsent({ method, path }: TransportRequest, error: unknown): NakadiError {
  return nakadiError(error, { request: `${method} ${withoutQuery(path)}`, sent: false });
}

function closed(): NakadiError {
  return new NakadiError("CLOSED", "the client is closed");
}

export class UndiciTransport implements Transport {
  readonly #base: BaseUrl;
  readonly #connectTimeoutMs: number;
  readonly #maxConnections: number;
  readonly #slots: ConnectionSlots;
  readonly #clock: Clock;
  #agents: Promise<{ requests: Agent; streams: Agent }> | undefined;
  #closed = false;

  /** @throws {ConfigError} */
  constructor(baseUrl: string, { connectTimeoutMs, maxConnections, clock = systemClock }: UndiciTransportOptions = {}) {
    this.#base = parseBaseUrl(baseUrl);
    this.#connectTimeoutMs = wholeNumber(
      "options.connectTimeoutMs",
      connectTimeoutMs,
      { min: 1 },
      DEFAULT_CONNECT_TIMEOUT_MS,
    );
    this.#maxConnections = wholeNumber("options.maxConnections", maxConnections, { min: 1 }, DEFAULT_MAX_CONNECTIONS);
    this.#slots = new ConnectionSlots(this.#maxConnections);
    this.#clock = clock;
  }

  async request(request: TransportRequest, limits: RequestLimits, signal?: AbortSignal): Promise<BufferedResponse> {
    request.onWaiting?.(true);
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
        leave();
      };
      const stream = new UndiciStream(signal, {
        started: () => request.onWaiting?.(false),
        head: (received) => (head = received),
        chunk(chunk) {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= limits.maxBytes) return;
          settle(() =>
            reject(
              new ProtocolError(`the response is longer than ${limits.maxBytes} bytes, the limit of maxResponseBytes`),
            ),
          );
          stream.close();
        },
        ended: () => settle(() => resolve({ ...(head ?? { status: 0, headers: {} }), body: Buffer.concat(chunks) })),
        failed: (error) => settle(() => reject(stream.started || signal?.aborted ? error : unsent(request, error))),
      });
      const timer = this.#clock.schedule(limits.timeoutMs, () => {
        settle(() => reject(new TimeoutError(`no response within ${limits.timeoutMs} ms`, { sent: stream.started })));
        stream.close();
      });
      const send = (): void => {
        try {
          if (this.#closed) throw closed();
          requests.dispatch(this.#dispatchOptions(request), stream);
        } catch (error) {
          settle(() => reject(error));
          stream.close();
        }
      };
      // The timeout and the signal apply while the request waits for a connection, too.
      let leave = (): void => undefined;
      leave = this.#slots.enter(request.urgent === true, send);
      if (settled) leave();
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
        reject(new TimeoutError(`no response within ${headTimeoutMs} ms`));
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
    // If undici could not be loaded, there is nothing to close.
    const agents = await this.#agents?.catch(() => undefined);
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
    if (this.#closed) return Promise.reject(closed());
    this.#agents ??= loadUndici().then(({ Agent: UndiciAgent }) => {
      const common = {
        connect: { timeout: this.#connectTimeoutMs },
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: MAX_HEAD_BYTES,
      };
      return {
        requests: new UndiciAgent({ ...common, connections: this.#maxConnections }),
        streams: new UndiciAgent({ ...common, pipelining: NO_PIPELINING }),
      };
    });
    return this.#agents;
  }
}
