/** Writes the lines of a stream into an HTTP response, compressed if the client accepts it. */
import { constants, createGzip } from "node:zlib";
import type { FastifyReply } from "fastify";
import { Header, MediaType } from "nakadi-protocol";
import type { StreamSink } from "../streaming/stream-sink.ts";
import { acceptsGzip } from "./compression.ts";

/**
 * Delay of the first line after the head. Some clients (pyNakadi) read the head through a buffer and the lines from the
 * socket below it, and lose lines that the buffer already holds. Nakadi's first read of a log takes longer than this.
 */
const FIRST_LINE_DELAY_MS = 15;

/**
 * Takes over the response and sends its head at once, because clients wait for it before the first line (protocol 3.1).
 * @param takeMs how long, after the end of the stream, a client may read nothing of the rest: then the connection is
 *   destroyed, because clients that stop reading would fill the memory
 */
export function streamSink(reply: FastifyReply, headers: Readonly<Record<string, string>>, takeMs: number): StreamSink {
  reply.hijack();
  const response = reply.raw;
  const compressed = acceptsGzip(reply.request);
  const encoding = compressed ? { [Header.contentEncoding]: "gzip" } : {};
  const all = { ...reply.getHeaders(), ...encoding, "Content-Type": MediaType.stream, ...headers };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) response.setHeader(name, value);
  response.writeHead(200);
  response.flushHeaders();
  const body = compressed ? compressedInto(response) : response;
  let headAlone = true;
  return {
    get writable() {
      return !headAlone && !body.writableNeedDrain && !response.destroyed;
    },
    write: (line) => void body.write(line),
    end() {
      body.end();
      // Node destroys a socket that is idle this long; after the last byte it sets the keep-alive time instead.
      response.socket?.setTimeout(takeMs);
    },
    onWritable(resume) {
      body.on("drain", resume);
      const timer = setTimeout(() => {
        headAlone = false;
        resume();
      }, FIRST_LINE_DELAY_MS);
      response.once("close", () => clearTimeout(timer));
    },
    onGone(gone) {
      if (response.destroyed) queueMicrotask(gone);
      else response.once("close", gone);
    },
  };
}

/** Flushed after each line, so that no line waits in the compressor. */
function compressedInto(response: NodeJS.WritableStream): ReturnType<typeof createGzip> {
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
  gzip.pipe(response);
  response.once("close", () => gzip.destroy());
  return gzip;
}
