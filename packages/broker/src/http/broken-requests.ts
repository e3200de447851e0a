/**
 * Answers bytes that Node's parser refuses: invalid HTTP, an incomplete head, an unknown method (protocol 0.2, 0.5). Each
 * answer ends its connection.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Header } from "nakadi-protocol";
import { flowIdOr, FLOW_ID_NAME } from "./flow-id.ts";
import { type PlainAnswer, problemAnswer } from "./plain-answer.ts";
import { problem } from "./replies.ts";

/** The parser's error for a connection. */
export interface ConnectionError {
  code?: string;
  /** The parser's message. */
  reason?: string;
  /** The last packet, a buffer. */
  rawPacket?: unknown;
  /** Bytes of the packet that were parsed. */
  bytesParsed?: number;
}

/** The answer to a method and target without a route. */
type Unrouted = (method: string, target: string) => PlainAnswer;

/** Bytes of a packet that are searched for a request line and a flow id. */
const SEARCHED_BYTES = 16_384;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) (\S{1,16384}) HTTP\/1\.[01]\r?$/m;
const FLOW_ID = /^x-flow-id:[ \t]*([^\r\n]*)/im;

const STATUSES: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
  HPE_INVALID_VERSION: 505,
};

/** @returns the listener for `clientError` */
export function brokenRequests(server: Server, unrouted: Unrouted): (error: ConnectionError, socket: Socket) => void {
  const exchanges = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>();
  server.on("request", (request, response) => void exchanges.set(request.socket, { request, response }));
  server.on("connect", ({ method = "", url = "", headers }: IncomingMessage, socket: Socket) =>
    answer(socket, unrouted(method, url), headers[Header.flowId]),
  );
  server.on("checkExpectation", ({ headers }: IncomingMessage, response: ServerResponse) => {
    const { status, headers: own, body } = problemAnswer(problem(417, "Only 100-continue can be expected."));
    const all = { ...own, "content-length": body.length, [FLOW_ID_NAME]: flowIdOr(headers[Header.flowId]) };
    response.writeHead(status, all).end(body);
  });

  return (error, socket) => {
    const { request, response } = exchanges.get(socket) ?? {};
    const isAnswering = response !== undefined && response.headersSent && !response.writableFinished;
    // An idle connection gets no answer: its client could take it for the answer to a request that it is just sending.
    if (!socket.writable || isAnswering || socket.bytesRead === 0 || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    if (request?.complete === false) {
      answer(socket, brokenAnswer(error), request.headers[Header.flowId]);
      return;
    }
    const head = brokenHead(error);
    const [, method, target] = REQUEST_LINE.exec(head.split("\n", 1)[0] ?? "") ?? [];
    const isUnknownMethod = error.code === "HPE_INVALID_METHOD" && method !== undefined && target !== undefined;
    answer(socket, isUnknownMethod ? unrouted(method, target) : brokenAnswer(error), FLOW_ID.exec(head)?.[1]);
  };
}

function brokenAnswer({ code = "", reason = code }: ConnectionError): PlainAnswer {
  const status = STATUSES[code] ?? 400;
  const late = "The head of the request did not come in time.";
  return problemAnswer(problem(status, status === 408 ? late : `The request is not valid HTTP: ${reason}.`));
}

/** The packet from the start of the refused request; earlier requests may precede it. */
function brokenHead({ rawPacket, bytesParsed = 0 }: ConnectionError): string {
  if (!Buffer.isBuffer(rawPacket)) return "";
  const before = rawPacket.lastIndexOf("\r\n\r\n", Math.max(0, bytesParsed - 1));
  const start = before < 0 ? 0 : before + 4;
  return rawPacket.toString("latin1", start, start + SEARCHED_BYTES);
}

function answer(socket: Socket, { status, headers, body }: PlainAnswer, flowId: string | string[] | undefined): void {
  const all = {
    ...headers,
    "content-length": String(body.length),
    connection: "close",
    [FLOW_ID_NAME]: flowIdOr(flowId),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${problem(status, "").title}\r\n${lines.join("")}\r\n`, "latin1");
  socket.write(body);
  socket.destroySoon();
}
