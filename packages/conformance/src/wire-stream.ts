/** An open stream, line by line, as it comes over the wire (protocol 3.3). */
import assert from "node:assert/strict";
import { type Cursor, Header, LineSplitter } from "nakadi-protocol";
import type { StreamResponse } from "nakadi-client";
import { within } from "./waiting.ts";

export interface Line {
  cursor: Cursor;
  events?: readonly unknown[];
  info?: { debug?: string };
  /** The line as it came. */
  text: string;
}

const MAX_LINE_BYTES = 64 * 1024 * 1024;

export class WireStream {
  /** What commits name. */
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #response: StreamResponse;
  readonly #signal: AbortSignal;
  readonly #lines: Line[] = [];
  #over: { error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(response: StreamResponse, signal: AbortSignal) {
    this.#response = response;
    this.#signal = signal;
    this.headers = response.headers;
    this.id = response.headers[Header.streamId] ?? "";
    const splitter = new LineSplitter(MAX_LINE_BYTES);
    response.read({
      chunk: (bytes) => {
        try {
          for (const line of splitter.push(bytes)) this.#lines.push(lineOf(line));
        } catch (error) {
          this.#end(error);
          response.close();
        }
        this.#wake();
      },
      ended: () => this.#end(splitter.pendingBytes > 0 ? new Error("the stream ended inside a line") : undefined),
      failed: (error) => this.#end(error),
    });
  }

  /** Lines that have come and were not read. */
  get waiting(): number {
    return this.#lines.length;
  }

  /** The next line, whatever it is. */
  async line(): Promise<Line> {
    const line = await this.lineOrEnd();
    assert.ok(line, "the stream ended where a line was expected");
    return line;
  }

  /** The next line that is not a keep-alive. */
  async message(): Promise<Line> {
    for (;;) {
      const line = await this.line();
      if (!isKeepAlive(line)) return line;
    }
  }

  /** The next lines with events, from any partition; together they have these events. */
  async batches(count: number): Promise<Line[]> {
    const batches: Line[] = [];
    while (batches.length < count) {
      const line = await this.message();
      assert.ok(line.events, `a batch was expected, not the line: ${line.text}`);
      batches.push(line);
    }
    return batches;
  }

  /** The next `count` lines are keep-alives. */
  async keepAlives(count: number): Promise<Line[]> {
    const lines: Line[] = [];
    while (lines.length < count) {
      const line = await this.line();
      assert.ok(isKeepAlive(line), `a keep-alive was expected, not the line: ${line.text}`);
      lines.push(line);
    }
    return lines;
  }

  /** The server ends the stream as it should, after these lines; keep-alives aside. */
  async end(): Promise<Line[]> {
    const lines: Line[] = [];
    for (let line = await this.lineOrEnd(); line; line = await this.lineOrEnd())
      if (!isKeepAlive(line)) lines.push(line);
    return lines;
  }

  close(): void {
    this.#response.close();
  }

  /** The next line, or nothing once the server has ended the stream as it should. */
  async lineOrEnd(): Promise<Line | undefined> {
    if (this.#lines.length === 0 && !this.#over) {
      await within(
        new Promise<void>((resolve) => (this.#wake = resolve)),
        "a line, or the end of the stream,",
        this.#signal,
      );
      return this.lineOrEnd();
    }
    const line = this.#lines.shift();
    if (!line && this.#over?.error !== undefined) {
      throw new Error("the stream broke off", { cause: this.#over.error });
    }
    return line;
  }

  #end(error: unknown): void {
    this.#over ??= { error };
    this.#wake();
  }
}

/** It has a cursor, at most says that the stream has started. */
function isKeepAlive({ events, info }: Line): boolean {
  return events === undefined && (info?.debug ?? STARTED).startsWith(STARTED);
}

const STARTED = "Stream started";

function lineOf(bytes: Uint8Array): Line {
  const text = new TextDecoder().decode(bytes);
  return { ...(JSON.parse(text) as Omit<Line, "text">), text };
}
