/** The recorder for processes that may be killed: each sends its lines over a connection and goes on when a line is taken. */
import net from "node:net";
import type { Entry } from "./line.ts";
import type { Recorder } from "./recorder.ts";

export interface RecorderServerOptions {
  recorder: Recorder;
  /** Called for each line after it is written, before the sender is answered. */
  written: (from: string, entry: Entry) => void;
  /** The sender of a line is let go on when this resolves; undefined: at once. */
  hold: (from: string, entry: Entry) => Promise<void> | undefined;
}

export class RecorderServer {
  readonly #options: RecorderServerOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  constructor(options: RecorderServerOptions) {
    this.#options = options;
    this.#server = net.createServer((socket) => this.#serve(socket));
  }

  /** On a free port of 127.0.0.1. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => this.#server.once("error", reject).listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    let rest = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(socket, JSON.parse(line) as { from: string; n: number; entry: Entry });
    });
  }

  #take(socket: net.Socket, { from, n, entry }: { from: string; n: number; entry: Entry }): void {
    const { recorder, written, hold } = this.#options;
    recorder.record(from, entry, n);
    written(from, entry);
    const taken = (): void => void (socket.writable && socket.write(`${n}\n`));
    const held = hold(from, entry);
    if (held) void held.then(taken);
    else taken();
  }
}
