/**
 * The client's transport with a history: what comes over the wire and what is committed is written down before the client
 * learns of it.
 */
import { type Cursor, laneKey, LineSplitter, readBatchLine } from "nakadi-protocol";
import type {
  BufferedResponse,
  RequestLimits,
  StreamListener,
  StreamResponse,
  Transport,
  TransportRequest,
} from "nakadi-client";
import type { Entry } from "../history/line.ts";

export interface RecordingParts {
  record: (entry: Entry) => Promise<void>;
  /** Makes names of streams and commits that no other process makes. */
  process: string;
  /** The ids of the events in the bytes of an events array. */
  idsOf: (events: Uint8Array) => readonly string[];
  deadLetters: { eventType: string; idsOf: (body: string) => readonly string[] };
}

const MAX_LINE_BYTES = 64 * 1024 * 1024;

export class RecordingTransport implements Transport {
  readonly #inner: Transport;
  readonly #parts: RecordingParts;
  #count = 0;

  constructor(inner: Transport, parts: RecordingParts) {
    this.#inner = inner;
    this.#parts = parts;
  }

  request(request: TransportRequest, limits: RequestLimits, signal?: AbortSignal): Promise<BufferedResponse> {
    const { method, path } = request;
    const send = (): Promise<BufferedResponse> => this.#inner.request(request, limits, signal);
    if (method === "POST" && path.endsWith("/cursors")) return this.#commit(request, send);
    if (method === "POST" && path.endsWith(`/${this.#parts.deadLetters.eventType}/events`))
      return this.#publishDeadLetters(request, send);
    return send();
  }

  async openStream(request: TransportRequest, headTimeoutMs: number, signal?: AbortSignal): Promise<StreamResponse> {
    const { record } = this.#parts;
    const open = this.#name("open");
    await record({ kind: "opening", open });
    const response = await this.#inner.openStream(request, headTimeoutMs, signal);
    if (response.status !== 200) return response;
    const stream = response.headers["x-nakadi-streamid"] ?? "";
    await record({ kind: "opened", open, stream });
    const closed = new AbortController();
    return {
      status: response.status,
      headers: response.headers,
      read: (listener) => response.read(new RecordingListener(stream, listener, this.#parts, closed.signal)),
      pause: () => response.pause(),
      resume: () => response.resume(),
      close: () => {
        closed.abort();
        response.close();
      },
    };
  }

  #name(what: string): string {
    this.#count += 1;
    return `${this.#parts.process} ${what} ${this.#count}`;
  }

  async #commit(request: TransportRequest, send: () => Promise<BufferedResponse>): Promise<BufferedResponse> {
    const { record } = this.#parts;
    const commit = this.#name("commit");
    const { items } = JSON.parse(String(request.body)) as { items: Cursor[] };
    const cursors = items.map((cursor) => ({ lane: laneKey(cursor), offset: cursor.offset }));
    await record({ kind: "committing", commit, stream: request.headers["x-nakadi-streamid"] ?? "", cursors });
    let response: BufferedResponse;
    try {
      response = await send();
    } catch (error) {
      await record({ kind: "not-committed", commit, status: null });
      throw error;
    }
    const { status } = response;
    if (status === 204) await record({ kind: "committed", commit, results: cursors.map(() => "committed") });
    else if (status === 200) await record({ kind: "committed", commit, results: resultsOf(response.body) });
    else await record({ kind: "not-committed", commit, status });
    return response;
  }

  async #publishDeadLetters(
    request: TransportRequest,
    send: () => Promise<BufferedResponse>,
  ): Promise<BufferedResponse> {
    const ids = this.#parts.deadLetters.idsOf(String(request.body));
    const response = await send();
    if (response.status === 200) await this.#parts.record({ kind: "dead-lettered", ids });
    return response;
  }
}

function resultsOf(body: Uint8Array): ("committed" | "outdated")[] {
  const { items } = JSON.parse(new TextDecoder().decode(body)) as { items: { result: "committed" | "outdated" }[] };
  return items.map(({ result }) => result);
}

/** Hands on what comes, in order, each chunk when its lines are written down. */
class RecordingListener implements StreamListener {
  readonly #stream: string;
  readonly #listener: StreamListener;
  readonly #parts: RecordingParts;
  readonly #closed: AbortSignal;
  readonly #splitter = new LineSplitter(MAX_LINE_BYTES);
  #handedOn: Promise<void> = Promise.resolve();

  constructor(stream: string, listener: StreamListener, parts: RecordingParts, closed: AbortSignal) {
    this.#stream = stream;
    this.#listener = listener;
    this.#parts = parts;
    this.#closed = closed;
  }

  chunk(bytes: Uint8Array): void {
    const written = [...this.#splitter.push(bytes)].map((line) => this.#delivered(line));
    this.#then(async () => {
      await Promise.all(written);
      this.#listener.chunk(bytes);
    });
  }

  ended(): void {
    this.#then(() => this.#over(() => this.#listener.ended()));
  }

  failed(error: unknown): void {
    this.#then(() => this.#over(() => this.#listener.failed(error)));
  }

  #then(next: () => void | Promise<void>): void {
    const before = this.#handedOn;
    this.#handedOn = (async () => {
      await before;
      if (!this.#closed.aborted) await next();
    })();
  }

  /** The client is notified before the line is written: each line that follows is of a client that knows the end. */
  async #over(tell: () => void): Promise<void> {
    tell();
    await this.#parts.record({ kind: "stream-ended", stream: this.#stream });
  }

  async #delivered(line: Uint8Array): Promise<void> {
    const { cursor, events } = readBatchLine(line);
    if (!events) return;
    const { record, idsOf } = this.#parts;
    await record({
      kind: "delivered",
      stream: this.#stream,
      lane: laneKey(cursor),
      offset: cursor.offset,
      ids: idsOf(events),
    });
  }
}
