/** A stream's lines into an HTTP response. */
import type { FastifyReply } from "fastify";
import { MediaType } from "nakadi-protocol";
import type { StreamSink } from "../streaming/stream-sink.ts";

/** Takes the response over and sends its head at once: clients wait for it before there is any line (protocol 3.1). */
export function streamSink(reply: FastifyReply, headers: Readonly<Record<string, string>>): StreamSink {
  reply.hijack();
  const response = reply.raw;
  const all = { ...reply.getHeaders(), "Content-Type": MediaType.stream, ...headers };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) response.setHeader(name, value);
  response.flushHeaders();
  return {
    get writable() {
      return !response.writableNeedDrain && !response.destroyed;
    },
    write: (line) => void response.write(line),
    end: () => void response.end(),
    onWritable: (resume) => void response.on("drain", resume),
    onGone(gone) {
      if (response.destroyed) queueMicrotask(gone);
      else response.once("close", gone);
    },
  };
}
