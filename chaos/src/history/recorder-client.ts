/** The way of an actor to the recorder. Without the recorder there is no point in going on, so the process ends with it. */
import net from "node:net";
import type { Entry } from "./line.ts";

export class RecorderClient {
  readonly #from: string;
  readonly #socket: net.Socket;
  readonly #waiting = new Map<number, () => void>();
  #n = 0;

  constructor(port: number, from: string) {
    this.#from = from;
    this.#socket = net.connect(port, "127.0.0.1").setNoDelay(true).setEncoding("utf8");
    let rest = "";
    this.#socket.on("data", (text: Buffer) => {
      const lines = (rest + text.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#taken(Number(line));
    });
    this.#socket.on("error", () => process.exit(3)).on("close", () => process.exit(3));
  }

  /** Resolves when the line is written; its effect must not be visible before. */
  record(entry: Entry): Promise<void> {
    this.#n += 1;
    const n = this.#n;
    return new Promise((resolve) => {
      this.#waiting.set(n, resolve);
      this.#socket.write(`${JSON.stringify({ from: this.#from, n, entry })}\n`);
    });
  }

  end(): void {
    this.#socket.removeAllListeners("close").destroy();
  }

  #taken(n: number): void {
    this.#waiting.get(n)?.();
    this.#waiting.delete(n);
  }
}
