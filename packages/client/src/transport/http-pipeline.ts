/** Every request of the client: headers, token, one refresh per refused token after a 401, and errors as NakadiError. */
import { type Clock, Header, MediaType } from "nakadi-protocol";
import { Refreshes } from "../auth/refreshes.ts";
import type { TokenProvider } from "../auth/token.ts";
import { asMistake } from "../errors/mistake.ts";
import { HttpError, NakadiError, nakadiError, ProtocolError, TimeoutError } from "../errors/nakadi-error.ts";
import { abortSignal } from "../options/checks.ts";
import { jsonText } from "../options/json-text.ts";
import { withoutQuery } from "./base-url.ts";
import { checkedAnswer, checkedStream, encodingOf } from "./checked-answer.ts";
import { problemOf } from "./problem-body.ts";
import { retryAfterMs } from "./retry-after.ts";
import { sharedSignal } from "./shared-signal.ts";
import type { BufferedResponse, ResponseHead, StreamResponse, Transport, TransportRequest } from "./transport.ts";

export interface HttpCall {
  method: TransportRequest["method"];
  /** Encoded path and query behind the base URL. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  json?: unknown;
  /** Serialised JSON; `headers` name its content encoding. */
  body?: Uint8Array | string;
  /** See `TransportRequest`. */
  urgent?: true;
}

/** A response, or the error and whether the server may have received the request. */
export type Attempt = { response: BufferedResponse } | { error: NakadiError; sent: boolean };

export interface PipelineParts {
  transport: Transport;
  token: TokenProvider | undefined;
  headers: Readonly<Record<string, string>>;
  flowId: () => string;
  clock: Clock;
  timeoutMs: number;
  maxResponseBytes: number;
}

/** Bytes of an error's body that are read. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Distinct tokens that requests in flight may have. */
const TOKENS_IN_FLIGHT = 8;

export class HttpPipeline {
  readonly #parts: PipelineParts;
  readonly #refreshes: Refreshes | undefined;
  /** Newest last. They are removed from error bodies, because a gateway may quote a token, also after a refresh. */
  #sentTokens: string[] = [];
  #closed = false;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    const { token, clock, timeoutMs } = parts;
    this.#refreshes = token && new Refreshes(token, clock, timeoutMs);
  }

  /** Every later request rejects with CLOSED. */
  close(): void {
    this.#closed = true;
  }

  /**
   * The response, if its status is below 300. Redirects are not followed.
   * @throws {HttpError} for any other status; TransportError, TimeoutError, ProtocolError; an abort rejects with its reason
   */
  async request(call: HttpCall, signal?: AbortSignal): Promise<BufferedResponse> {
    const response = await this.exchange(call, signal);
    if (response.status >= 300) throw this.errorOf(call, response, response.body);
    this.#demandPlain(call, response);
    return response;
  }

  /** The response with any status. */
  async exchange(call: HttpCall, signal?: AbortSignal): Promise<BufferedResponse> {
    const { transport, timeoutMs, maxResponseBytes } = this.#parts;
    const limits = { timeoutMs, maxBytes: maxResponseBytes };
    return this.#withToken(call, signal, async (request) =>
      checkedAnswer(await byTransport(transport.request(request, limits, signal))),
    );
  }

  /**
   * One try of a request that changes something.
   * @param timeoutMs milliseconds at most; the client's `requestTimeoutMs` applies as well
   * @param onSent called with whether the server may have received the request, at each change
   * @throws only an abort's reason
   */
  async attempt(
    call: HttpCall,
    timeoutMs: number,
    signal?: AbortSignal,
    onSent: (sent: boolean) => void = () => undefined,
  ): Promise<Attempt> {
    const { transport, maxResponseBytes } = this.#parts;
    const limits = { timeoutMs: Math.min(timeoutMs, this.#parts.timeoutMs), maxBytes: maxResponseBytes };
    let sent = false;
    const note = (isSent: boolean): void => {
      sent = isSent;
      onSent(isSent);
    };
    const send = async (request: TransportRequest): Promise<BufferedResponse> => {
      note(true);
      const onWaiting = (isWaiting: boolean): void => note(!isWaiting);
      const response = checkedAnswer(await byTransport(transport.request({ ...request, onWaiting }, limits, signal)));
      // A 401 stores nothing, whatever the outcome of the second try.
      note(response.status !== 401);
      return response;
    };
    try {
      const response = await this.#withToken(call, signal, send, limits.timeoutMs);
      if (response.status < 300) this.#demandPlain(call, response);
      return { response };
    } catch (thrown) {
      if (signal?.aborted) throw signal.reason;
      const error = nakadiError(thrown);
      return { error, sent: sent && mayHaveLeft(error) };
    }
  }

  /** An open stream, or a response with another status. The caller closes it. */
  async openStream(call: HttpCall, headTimeoutMs: number, signal?: AbortSignal): Promise<StreamResponse> {
    const { transport } = this.#parts;
    const response = await this.#withToken(call, signal, async (request) =>
      checkedStream(await byTransport(transport.openStream(request, headTimeoutMs, signal))),
    );
    try {
      if (response.status === 200) this.#demandPlain(call, response);
      return response;
    } catch (error) {
      response.close();
      throw error;
    }
  }

  /** The error for a response with a status other than 200 to the request for a stream. */
  async errorOfStream(call: HttpCall, response: StreamResponse): Promise<HttpError> {
    return this.errorOf(call, response, await this.#bodyOf(response));
  }

  errorOf({ method, path }: HttpCall, { status, headers }: ResponseHead, body: Uint8Array): HttpError {
    return new HttpError({
      request: `${method} ${withoutQuery(path)}`,
      status,
      problem: problemOf(status, body, this.#sentTokens),
      encoding: encodingOf({ status, headers }),
      flowId: headers[Header.flowId],
      retryAfterMs: retryAfterMs(headers[Header.retryAfter], this.#parts.clock.wallMs()),
    });
  }

  async #withToken<R extends ResponseHead & { close?: () => void }>(
    call: HttpCall,
    signal: AbortSignal | undefined,
    send: (request: TransportRequest) => Promise<R>,
    tokenTimeoutMs: number = this.#parts.timeoutMs,
  ): Promise<R> {
    if (this.#closed) throw new NakadiError("CLOSED", "the client is closed");
    abortSignal("options.signal", signal);
    if (signal) sharedSignal(signal);
    try {
      signal?.throwIfAborted();
      let token = await this.#token(this.#parts.token?.({ refresh: false }), tokenTimeoutMs, signal);
      let answer = await send(this.#requestOf(call, token));
      for (let isFresh = false; answer.status === 401 && token !== undefined && this.#refreshes && !isFresh;) {
        answer.close?.();
        const next = this.#refreshes.after(token);
        ({ isFresh } = next);
        token = await this.#token(next.token, tokenTimeoutMs, signal);
        answer = await send(this.#requestOf(call, token));
      }
      return answer;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw nakadiError(error, { request: `${call.method} ${withoutQuery(call.path)}` });
    }
  }

  /** Bounds the wait for a provider that never answers. */
  async #token(
    given: string | Promise<string> | undefined,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const token = given instanceof Promise ? await this.#inTime(given, timeoutMs, signal) : given;
    if (token !== undefined && this.#sentTokens.at(-1) !== token) {
      this.#sentTokens = [...this.#sentTokens, token].slice(-TOKENS_IN_FLIGHT);
    }
    return token;
  }

  #inTime(given: Promise<string>, timeoutMs: number, signal: AbortSignal | undefined): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        timer.cancel();
        signal?.removeEventListener("abort", abort);
        act();
      };
      const abort = (): void => settle(() => reject(signal?.reason as Error));
      const timer = this.#parts.clock.schedule(timeoutMs, () => {
        settle(() => reject(new TimeoutError(`no token within ${timeoutMs} ms`, { sent: false })));
      });
      signal?.addEventListener("abort", abort, { once: true });
      given.then(
        (token) => settle(() => resolve(token)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  #requestOf({ method, path, headers, json, body, urgent }: HttpCall, token: string | undefined): TransportRequest {
    const { headers: common, flowId } = this.#parts;
    const authorization = token === undefined ? undefined : `Bearer ${token}`;
    const content = json === undefined ? body : jsonText("the request's content", json);
    return {
      method,
      path,
      headers: {
        ...(content === undefined ? {} : { [Header.contentType]: MediaType.json }),
        [Header.flowId]: flowId(),
        ...common,
        ...headers,
        ...(authorization === undefined ? {} : { [Header.authorization]: authorization }),
      },
      ...(content === undefined ? {} : { body: content }),
      ...(urgent && { urgent }),
    };
  }

  /** @throws {ProtocolError} */
  #demandPlain({ method, path }: HttpCall, response: ResponseHead & { body?: Uint8Array }): void {
    const encoding = response.body?.length === 0 ? undefined : encodingOf(response);
    if (encoding === undefined) return;
    const request = `${method} ${withoutQuery(path)}`;
    throw new ProtocolError(`the response has content encoding ${encoding}, which was not requested`, { request });
  }

  #bodyOf(response: StreamResponse): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      const timer = this.#parts.clock.schedule(this.#parts.timeoutMs, () => finish());
      const finish = (): void => {
        timer.cancel();
        response.close();
        resolve(Buffer.concat(chunks));
      };
      response.read({
        chunk(chunk) {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes >= MAX_ERROR_BYTES) finish();
        },
        ended: finish,
        failed: finish,
      });
    });
  }
}

/** Marks a transport's defects, so that they are not retried. */
async function byTransport<R>(answer: Promise<R>): Promise<R> {
  try {
    return await answer;
  } catch (thrown) {
    throw asMistake(thrown, "the transport");
  }
}

function mayHaveLeft(error: NakadiError): boolean {
  return error.code !== "CLOSED" && !("sent" in error && error.sent === false);
}
