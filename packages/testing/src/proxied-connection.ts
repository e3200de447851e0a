/** One connection through the proxy: two directions, each in order, each as slow as the conditions say. */
import type { Socket } from "node:net";
import type { Clock, Timer } from "nakadi-protocol";

export type FaultKind =
  | "delay"
  | "bandwidth"
  | "cut"
  | "cutAfter"
  | "cutInsideLine"
  | "halfOpen"
  | "stall"
  | "refuse"
  | "reset";

/** What holds for every connection, now and later, until it is changed. */
export interface Conditions {
  /** Milliseconds that each chunk is late, in both directions. */
  delayMs: number;
  /** Up to this number of milliseconds more, by chance. */
  jitterMs: number;
  /** Bytes a second towards the client; infinite = no limit. */
  bytesPerSecond: number;
}

export interface ProxiedConnectionParts {
  clock: Clock;
  random: () => number;
  conditions: () => Conditions;
  /** Called when a fault that was armed takes effect. */
  onFault: (kind: FaultKind) => void;
  closed: () => void;
}

/** A stream's answer says so in its head. */
const STREAM_TYPE = "application/x-json-stream";
/** Each line of a stream begins so. */
const LINE_START = '{"cursor"';

export class ProxiedConnection {
  /** Whether the server answers with a stream. */
  streaming = false;
  readonly #inbound: Socket;
  readonly #outbound: Socket;
  readonly #parts: ProxiedConnectionParts;
  readonly #waits = new Map<Timer, () => void>();
  #stalled: Promise<void> | undefined;
  #unstall: () => void = () => undefined;
  #bytesUntilCut = Number.POSITIVE_INFINITY;
  #cutNextLine = false;
  #deaf = false;
  #closed = false;

  constructor(inbound: Socket, outbound: Socket, parts: ProxiedConnectionParts) {
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#parts = parts;
    for (const socket of [inbound, outbound]) socket.on("error", () => this.#lost()).on("close", () => this.#lost());
    void this.#forward(inbound, outbound, (chunk) => chunk);
    void this.#forward(outbound, inbound, (chunk) => this.#harm(chunk));
  }

  cut(): void {
    this.#close((socket) => socket.destroy());
  }

  reset(): void {
    this.#close((socket) => socket.resetAndDestroy());
  }

  cutAfter(bytes: number): void {
    this.#bytesUntilCut = bytes;
  }

  cutInsideLine(): void {
    this.#cutNextLine = true;
  }

  /** Nothing goes through any more, not even the end of one side, whatever is resumed later: the stream is none any more. */
  halfOpen(): void {
    this.stall();
    this.#deaf = true;
    this.streaming = false;
  }

  stall(): void {
    this.#stalled ??= new Promise((resolve) => {
      this.#unstall = resolve;
    });
  }

  resume(): void {
    if (!this.#deaf) this.#letGo();
  }

  #letGo(): void {
    this.#unstall();
    this.#stalled = undefined;
  }

  #lost(): void {
    if (!this.#deaf || (this.#inbound.destroyed && this.#outbound.destroyed)) this.cut();
  }

  #close(end: (socket: Socket) => void): void {
    if (this.#closed) return;
    this.#closed = true;
    end(this.#inbound);
    end(this.#outbound);
    for (const [timer, done] of this.#waits) {
      timer.cancel();
      done();
    }
    this.#letGo();
    this.#parts.closed();
  }

  /** Chunks go one after the other: what is late makes late what comes behind it. */
  async #forward(from: Socket, to: Socket, harm: (chunk: Buffer) => Buffer): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        const passed = harm(chunk);
        await this.#linger(passed.length, to === this.#inbound);
        if (this.#closed) return;
        if (passed.length > 0 && !to.write(passed)) await this.#drained(to);
        if (passed.length < chunk.length) this.cut();
      }
      if (!this.#deaf) to.end();
    } catch {
      this.#lost();
    }
  }

  async #linger(bytes: number, towardsClient: boolean): Promise<void> {
    const { delayMs, jitterMs, bytesPerSecond } = this.#parts.conditions();
    const sendMs = towardsClient && Number.isFinite(bytesPerSecond) ? (bytes / bytesPerSecond) * 1_000 : 0;
    const lateMs = delayMs + jitterMs * this.#parts.random() + sendMs;
    if (lateMs > 0) await this.#wait(lateMs);
    await this.#stalled;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#parts.clock.schedule(ms, () => {
        this.#waits.delete(timer);
        resolve();
      });
      this.#waits.set(timer, resolve);
    });
  }

  #drained(socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off("drain", done).off("close", done);
        resolve();
      };
      socket.on("drain", done).on("close", done);
    });
  }

  /** What of a chunk from the server still goes through; less than all of it ends the connection behind it. */
  #harm(chunk: Buffer): Buffer {
    if (!this.streaming && !this.#deaf && chunk.includes(STREAM_TYPE)) this.streaming = true;
    if (chunk.length > this.#bytesUntilCut) {
      this.#parts.onFault("cutAfter");
      return chunk.subarray(0, this.#bytesUntilCut);
    }
    this.#bytesUntilCut -= chunk.length;
    const line = this.#cutNextLine && this.streaming ? chunk.lastIndexOf(LINE_START) : -1;
    if (line < 0) return chunk;
    const end = chunk.indexOf("\n", line);
    const length = (end < 0 ? chunk.length : end) - line;
    this.#parts.onFault("cutInsideLine");
    return chunk.subarray(0, line + Math.max(1, Math.floor(this.#parts.random() * length)));
  }
}
