/**
 * One open stream: turns bytes into batches, pauses the socket while the sink is full, and detects silence (SPEC rules 5 and 7).
 */
import {
  type BatchLine,
  BatchLineError,
  type Clock,
  type Cursor,
  isBlank,
  LineSplitter,
  LineTooLongError,
  type Steps,
  type Timer,
} from "nakadi-protocol";
import { asMistake } from "../errors/mistake.ts";
import { type NakadiError, nakadiError, ProtocolError, TimeoutError, TransportError } from "../errors/nakadi-error.ts";
import type { StreamResponse } from "../transport/transport.ts";
import { type Batch, StreamBatch, type StreamCursor, withStreamId } from "./batch.ts";
import { nextTurn, turnIsSpent } from "./loop-budget.ts";

export interface ConnectionParts<E> {
  response: StreamResponse;
  streamId: string;
  request: string;
  clock: Clock;
  readLine: (line: Uint8Array) => Steps<BatchLine>;
  maxLineBytes: number;
  idleLimitMs: number;
  /** Whether there is room for another batch. */
  hasRoom: () => boolean;
  /** Whether the sink is empty enough for a paused socket to resume. */
  hasMuchRoom: () => boolean;
  /** If given, a stream that ended regularly is over only when all its batches were delivered and this returns true. */
  allTaken: (() => boolean) | undefined;
  batch: (batch: Batch<E>) => void;
  /** A line without events. */
  keepAlive: (cursor: Cursor) => void;
  /** The `info.debug` message of a line, before its batch. */
  message: (text: string, cursor: StreamCursor) => void;
  /** The stream is over; regularly, if there is no error. `fatal`: a retry would end the same way. */
  over: (error: NakadiError | undefined, fatal: boolean) => void;
}

export class StreamConnection<E> {
  readonly streamId: string;
  readonly #parts: ConnectionParts<E>;
  readonly #splitter: LineSplitter;
  #chunks: Uint8Array[] = [];
  #lines: Iterator<BatchLine | undefined> | undefined;
  /** The rest of a long line is parsed in the next turn of the event loop. */
  #continuesLater = false;
  /** The sink was full and is not half empty yet. */
  #crowded = false;
  #idle: Timer | undefined;
  #paused = false;
  /** The stream ended regularly; received batches are still delivered. */
  #complete = false;
  #over = false;

  constructor(parts: ConnectionParts<E>) {
    this.#parts = parts;
    this.streamId = parts.streamId;
    this.#splitter = new LineSplitter(parts.maxLineBytes);
  }

  start(): void {
    this.#watch();
    this.#parts.response.read({
      chunk: (bytes) => {
        this.#chunks.push(bytes);
        this.#watch();
        this.drain();
      },
      ended: () => {
        if (!this.#parts.allTaken) {
          this.#end(undefined);
          return;
        }
        this.#complete = true;
        this.#idle?.cancel();
        this.drain();
      },
      failed: (error) => this.#end(nakadiError(asMistake(error, "the transport"), { request: this.#parts.request })),
    });
  }

  /** Delivers batches while there is room; called again when there is room. */
  drain(): void {
    if (this.#continuesLater) return;
    try {
      while (!this.#over && this.#parts.hasRoom()) {
        const step = this.#nextStep();
        if (!step) {
          if (this.#complete && this.#parts.allTaken?.()) this.#end(undefined);
          break;
        }
        if (step.line) this.#take(step.line);
        else if (turnIsSpent()) {
          this.#continueLater();
          break;
        }
      }
    } catch (error) {
      this.#finish(this.#unreadable(error), error instanceof LineTooLongError);
    }
    if (!this.#over && !this.#complete) this.#balance();
  }

  /** Closes the connection at once, without further callbacks. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
  }

  /** A line, or a step towards one; `undefined` until more bytes arrive. */
  #nextStep(): { line: BatchLine | undefined } | undefined {
    for (;;) {
      const next = this.#lines?.next();
      if (next && !next.done) return { line: next.value };
      const chunk = this.#chunks.shift();
      if (!chunk) return undefined;
      this.#lines = this.#read(chunk);
    }
  }

  *#read(chunk: Uint8Array): Generator<BatchLine | undefined, void, undefined> {
    for (const line of this.#splitter.steps(chunk)) {
      if (line === undefined) yield undefined;
      else if (!isBlank(line)) yield yield* this.#parts.readLine(line);
    }
  }

  /** Continues with a long line in the next turn of the event loop. */
  #continueLater(): void {
    this.#continuesLater = true;
    void nextTurn().then(() => {
      this.#continuesLater = false;
      this.drain();
    });
  }

  #take({ cursor, events, debug }: BatchLine): void {
    if (debug !== undefined) this.#parts.message(debug, withStreamId(cursor, this.streamId));
    if (events && events.length > EMPTY_ARRAY_BYTES)
      this.#parts.batch(new StreamBatch(cursor, this.streamId, events, debug));
    else this.#parts.keepAlive(cursor);
  }

  /** Pauses the socket while there is no room, and watches for silence only while the socket is read. */
  #balance(): void {
    const { hasRoom, hasMuchRoom } = this.#parts;
    this.#crowded = this.#crowded ? !hasMuchRoom() : !hasRoom();
    const pause = this.#continuesLater || this.#crowded;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) {
      this.#idle?.cancel();
      this.#parts.response.pause();
    } else {
      this.#watch();
      this.#parts.response.resume();
    }
  }

  #watch(): void {
    this.#idle?.cancel();
    if (this.#paused || this.#complete || this.#over) return;
    const { clock, idleLimitMs, request } = this.#parts;
    this.#idle = clock.schedule(idleLimitMs, () => {
      this.#finish(new TimeoutError(`the stream was silent for ${idleLimitMs} ms`, { request }), false);
    });
  }

  #end(error: NakadiError | undefined): void {
    if (error === undefined && this.#splitter.pendingBytes > 0 && this.#chunks.length === 0) {
      this.#finish(new TransportError("the stream ended inside a line", { request: this.#parts.request }), false);
    } else {
      this.#finish(error, false);
    }
  }

  #unreadable(error: unknown): NakadiError {
    const { request } = this.#parts;
    if (error instanceof LineTooLongError) {
      return new ProtocolError(`a line is longer than maxLineBytes, ${error.maxLineBytes} bytes`, {
        request,
        cause: error,
      });
    }
    if (error instanceof BatchLineError) return new ProtocolError(error.message, { request, cause: error });
    return nakadiError(asMistake(error, "reading a stream"), { request });
  }

  #finish(error: NakadiError | undefined, fatal: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#parts.over(error, fatal || error?.code === "CONFIG");
  }

  #release(): void {
    this.#idle?.cancel();
    this.#chunks = [];
    this.#lines = undefined;
    this.#parts.response.close();
  }
}

/** `[]` */
const EMPTY_ARRAY_BYTES = 2;
