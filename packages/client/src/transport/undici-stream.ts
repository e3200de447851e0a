/** One exchange through undici's dispatch: its callbacks become a head, chunks and one end. */
import type { Dispatcher } from "undici";
import { TransportError } from "../errors/nakadi-error.ts";
import type { ResponseHead, StreamListener, StreamResponse } from "./transport.ts";

export interface ExchangeListener extends StreamListener {
  /** Bytes of the request may leave from now on. */
  started?(): void;
  head(head: ResponseHead): void;
}

export class UndiciStream implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal | undefined;
  readonly #exchange: ExchangeListener;
  #controller: Dispatcher.DispatchController | undefined;
  #listener: StreamListener | undefined;
  #undelivered: ((listener: StreamListener) => void)[] = [];
  #paused = false;
  #closed = false;

  constructor(signal: AbortSignal | undefined, exchange: ExchangeListener) {
    this.#signal = signal;
    this.#exchange = exchange;
    if (signal?.aborted) queueMicrotask(this.#abort);
    else signal?.addEventListener("abort", this.#abort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#closed) controller.abort(new TransportError("closed"));
    else this.#exchange.started?.();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#controller = controller;
    const texts = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value ?? ""].flat().join(", ")]);
    this.#exchange.head({ status, headers: Object.fromEntries(texts) as Record<string, string> });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#closed) this.#exchange.chunk(chunk);
  }

  onResponseEnd(): void {
    this.#finish(() => this.#exchange.ended());
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#finish(() => this.#exchange.failed(error));
  }

  /** Whether bytes of the request may have been sent: it has an established connection. */
  get started(): boolean {
    return this.#controller !== undefined;
  }

  /** Buffers the call until `read` sets the listener, because the response is returned before. */
  deliver(call: (listener: StreamListener) => void): void {
    if (this.#listener) call(this.#listener);
    else this.#undelivered.push(call);
  }

  responseOf({ status, headers }: ResponseHead): StreamResponse {
    return {
      status,
      headers,
      read: (listener) => {
        this.#listener = listener;
        const undelivered = this.#undelivered;
        this.#undelivered = [];
        for (const call of undelivered) call(listener);
      },
      pause: () => {
        this.#paused = true;
        this.#controller?.pause();
      },
      resume: () => {
        if (!this.#paused) return;
        this.#paused = false;
        this.#controller?.resume();
      },
      close: () => this.close(),
    };
  }

  /** Drops the connection; the listener is not called any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = undefined;
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#controller?.abort(new TransportError("closed"));
  }

  /** Fails the exchange at once, also while undici is still connecting. */
  readonly #abort = (): void => {
    const reason = this.#signal ? reasonOf(this.#signal) : new TransportError("aborted");
    this.#finish(() => this.#exchange.failed(reason));
    this.#controller?.abort(reason);
  };

  #finish(notify: () => void): void {
    this.#signal?.removeEventListener("abort", this.#abort);
    if (this.#closed) return;
    this.#closed = true;
    notify();
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new TransportError("aborted", { cause: reason });
}
