/** A stream's lines into an HTTP response, compressed where the client accepts it. */
import { constants, createGzip } from "node:zlib";
import type { FastifyReply } from "fastify";
import { Header, MediaType } from "nakadi-protocol";
import type { StreamSink } from "../streaming/stream-sink.ts";
import { acceptsGzip } from "./compression.ts";

/** Takes the response over and sends its head at once: clients wait for it before there is any line (protocol 3.1). */
export function streamSink(reply: FastifyReply, headers: Readonly<Record<string, string>>): StreamSink {
  reply.hijack();
  const response = reply.raw;
  const compressed = acceptsGzip(reply.request);
  const encoding = compressed ? { [Header.contentEncoding]: "gzip" } : {};
  const all = { ...reply.getHeaders(), ...encoding, "Content-Type": MediaType.stream, ...headers };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) response.setHeader(name, value);
  response.writeHead(200);
  response.flushHeaders();
  const body = compressed ? compressedInto(response) : response;
  return {
    get writable() {
      return !body.writableNeedDrain && !response.destroyed;
    },
    write: (line) => void body.write(line),
    end: () => void body.end(),
    onWritable: (resume) => void body.on("drain", resume),
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
