/** A stream's lines into an HTTP response, compressed where the client accepts it. */
import { constants, createGzip } from "node:zlib";
import type { FastifyReply } from "fastify";
import { Header, MediaType } from "nakadi-protocol";
import type { StreamSink } from "../streaming/stream-sink.ts";
import { acceptsGzip } from "./compression.ts";

/**
 * How long the head stays alone. There are clients (pyNakadi) that read the head through a buffer and the lines from the
 * socket below it, and lose what the buffer has got hold of. Nakadi's first read of a log takes longer than this.
 */
const HEAD_ALONE_MS = 15;

/**
 * Takes the response over and sends its head at once: clients wait for it before there is any line (protocol 3.1).
 * @param takeMs how long a client may take nothing of what is left when the stream has ended: then it is cut off, for else
 *   those that never read on would fill the memory
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
      // The server destroys what stands still for so long, and sets another time once everything is out.
      response.socket?.setTimeout(takeMs);
    },
    onWritable(resume) {
      body.on("drain", resume);
      const timer = setTimeout(() => {
        headAlone = false;
        resume();
      }, HEAD_ALONE_MS);
      response.once("close", () => clearTimeout(timer));
    },
    onGone(gone) {
      if (response.destroyed) queueMicrotask(gone);
      else response.once("close", gone);
    },
  };
}

/** Flushed after each line, so that lines arrive when they are sent. */
function compressedInto(response: NodeJS.WritableStream): ReturnType<typeof createGzip> {
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
  gzip.pipe(response);
  response.once("close", () => gzip.destroy());
  return gzip;
}
