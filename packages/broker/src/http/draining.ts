/**
 * The end of all connections, so that no request is cut off: each answer says `Connection: close`, and an idle connection is
 * closed only when its client has sent nothing for a while.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Server, type Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";

/** Longer than the pause between two requests of a busy client. */
const IDLE_MS = 500;
const CHECK_MS = 20;

interface Connection {
  /** Requests without their whole answer. */
  inFlight: number;
  /** Since then nothing has come; by the monotonic clock. */
  idleSinceMs: number;
  /** Bytes up to the end of the last request; more are the head of the next one. */
  bytes: number;
}

export class Draining {
  readonly #connections = new Map<Socket, Connection>();
  #accepted = 0;
  #begun = false;

  /** Whether the broker ends its connections. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Before the routes of `app`. */
  watch(app: FastifyInstance): void {
    app.server.on("connection", (socket) => {
      this.#accepted += 1;
      this.#connections.set(socket, { inFlight: 0, idleSinceMs: performance.now(), bytes: 0 });
      socket.once("close", () => this.#connections.delete(socket));
    });
    app.server.on("request", (request, response) => this.#began(request, response));
    app.addHook("onSend", async ({ raw }, reply) => {
      // A client that is still sending would get a reset instead of the answer.
      if (this.#begun && raw.complete) reply.header("connection", "close");
    });
  }

  /** Accepts no connection any more; resolves when none is left, or with the signal. */
  async run({ server }: FastifyInstance, signal: AbortSignal): Promise<void> {
    this.#begun = true;
    await this.#acceptWaiting(signal);
    // Not the method of the HTTP server, which closes idle connections at once.
    Server.prototype.close.call(server);
    while (this.#connections.size > 0 && !signal.aborted) {
      await sleep(CHECK_MS, undefined, { signal }).catch(() => undefined);
      // Behind the reads of a turn, so that what has come was read.
      await nextTurn();
      this.#closeIdle();
    }
  }

  /** Ends all connections that are left. When it resolves, a client in this process has seen the end and sends nothing more there. */
  async closeRest(): Promise<void> {
    for (const socket of this.#connections.keys()) socket.destroy();
    while (this.#connections.size > 0) await nextTurn();
    // The sockets are closed behind the reads of a turn; the client reads the end in the next one.
    await nextTurn();
    await nextTurn();
  }

  /** What the system has accepted for this process would be reset with the listening socket. */
  async #acceptWaiting(signal: AbortSignal): Promise<void> {
    let before: number;
    // The rest of this turn, which may be behind its reads.
    await nextTurn();
    do {
      before = this.#accepted;
      await nextTurn();
    } while (this.#accepted > before && !signal.aborted);
  }

  #began(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    if (!connection) return;
    connection.inFlight += 1;
    const idle = (): void => {
      connection.idleSinceMs = performance.now();
      connection.bytes = socket.bytesRead;
    };
    // After an early answer the rest of the request still comes.
    request.once("close", idle);
    response.once("close", () => {
      connection.inFlight -= 1;
      idle();
    });
  }

  #closeIdle(): void {
    const longestSinceMs = performance.now() - IDLE_MS;
    for (const [socket, { inFlight, idleSinceMs, bytes }] of this.#connections)
      if (inFlight === 0 && idleSinceMs <= longestSinceMs && socket.bytesRead === bytes) socket.destroy();
  }
}
