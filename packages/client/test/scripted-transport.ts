/** A transport without a network: the test answers each request, and feeds each stream, as it likes. */
import type {
  BufferedResponse,
  StreamListener,
  StreamResponse,
  Transport,
  TransportRequest,
} from "../src/transport/transport.ts";

export type Answer = { status: number; headers?: Record<string, string>; body?: string } | Error;

/** A stream that is open from the client's point of view. */
export class ScriptedStream implements StreamResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly request: TransportRequest;
  paused = false;
  closed = false;
  #listener: StreamListener | undefined;

  constructor(request: TransportRequest, status: number, headers: Record<string, string>) {
    this.request = request;
    this.status = status;
    this.headers = headers;
  }

  get id(): string {
    return this.headers["x-nakadi-streamid"] ?? "";
  }

  read(listener: StreamListener): void {
    this.#listener = listener;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(): void {
    this.closed = true;
    this.#listener = undefined;
  }

  /** Sends bytes as they are. */
  send(text: string): void {
    this.#listener?.chunk(new TextEncoder().encode(text));
  }

  /** Sends a batch of `events` of a partition. */
  batch(offset: number, events: readonly unknown[] = [{ n: offset }], partition = "0"): void {
    const cursor = { partition, offset: String(offset).padStart(18, "0"), event_type: "e", cursor_token: "t" };
    this.send(`${JSON.stringify({ cursor, events })}\n`);
  }

  keepAlive(partition = "0"): void {
    this.send(`${JSON.stringify({ cursor: { partition, offset: "0", event_type: "e", cursor_token: "t" } })}\n`);
  }

  end(): void {
    this.#listener?.ended();
  }

  fail(error: Error = new Error("reset")): void {
    this.#listener?.failed(error);
  }
}

export class ScriptedTransport implements Transport {
  /** Streams that were opened, in order. */
  readonly streams: ScriptedStream[] = [];
  /** Requests that are no streams, in order. */
  readonly requests: TransportRequest[] = [];
  /** Every attempt to open a stream, in order. */
  readonly opened: TransportRequest[] = [];
  #streamAnswers: Answer[] = [];
  #answers: Answer[] = [];
  #nextId = 0;
  /** What a stream is answered with when nothing else was ordered; by default it opens. */
  onOpen: (request: TransportRequest) => Answer | Promise<Answer> = () => ({ status: 200 });
  /** What any other request is answered with when nothing else was ordered. */
  onRequest: (request: TransportRequest, signal?: AbortSignal) => Answer | Promise<Answer> = () => ({ status: 204 });

  /** Answers for the next attempts to open a stream. */
  willOpen(...answers: Answer[]): this {
    this.#streamAnswers.push(...answers);
    return this;
  }

  /** Answers for the next other requests. */
  willAnswer(...answers: Answer[]): this {
    this.#answers.push(...answers);
    return this;
  }

  /** The stream that was opened last. @throws {Error} if it is closed, or there was none */
  get newestStream(): ScriptedStream {
    const newest = this.streams.at(-1);
    if (!newest || newest.closed) throw new Error("no stream is open");
    return newest;
  }

  async request(request: TransportRequest, _limits: unknown, signal?: AbortSignal): Promise<BufferedResponse> {
    this.requests.push(request);
    const answer = this.#answers.shift() ?? (await this.onRequest(request, signal));
    signal?.throwIfAborted();
    if (answer instanceof Error) throw answer;
    return { status: answer.status, headers: answer.headers ?? {}, body: new TextEncoder().encode(answer.body ?? "") };
  }

  async openStream(request: TransportRequest, _headTimeoutMs: number, signal?: AbortSignal): Promise<StreamResponse> {
    this.opened.push(request);
    const answer = this.#streamAnswers.shift() ?? (await this.onOpen(request));
    signal?.throwIfAborted();
    if (answer instanceof Error) throw answer;
    const id = `00000000-0000-4000-8000-${String(this.#nextId++).padStart(12, "0")}`;
    const headers = answer.status === 200 ? { "x-nakadi-streamid": id, ...answer.headers } : { ...answer.headers };
    const stream = new ScriptedStream(request, answer.status, headers);
    if (answer.status === 200) this.streams.push(stream);
    else this.#feed(stream, answer.body ?? "");
    return stream;
  }

  /** A response with another status delivers its body and ends. */
  #feed(stream: ScriptedStream, body: string): void {
    const read = stream.read.bind(stream);
    stream.read = (listener) => {
      read(listener);
      queueMicrotask(() => {
        if (body !== "") stream.send(body);
        stream.end();
      });
    };
  }
}
