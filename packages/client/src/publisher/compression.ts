/** Bodies made smaller: gzip everywhere, zstd where Node has it (protocol 0.2). */
import { promisify } from "node:util";
import zlib from "node:zlib";
import { ConfigError } from "../errors/nakadi-error.ts";

export type Compression = "none" | "gzip" | "zstd";

/** A body and the header that says how it is encoded. */
interface EncodedBody {
  body: Uint8Array | string;
  encoding: string | undefined;
}

export type Encoder = (text: string) => Promise<EncodedBody>;

/** Less is not worth it. */
const MIN_LENGTH = 1_000;

const gzip = promisify<string, Uint8Array>(zlib.gzip);

/** @throws {ConfigError} for an encoding that is unknown, or that this version of Node does not have */
export function encoderOf(compression: Compression): Encoder {
  switch (compression) {
    case "none":
      return (text) => Promise.resolve({ body: text, encoding: undefined });
    case "gzip":
      return encoder("gzip", gzip);
    case "zstd":
      return encoder("zstd", zstd());
    default:
      throw new ConfigError("options.compression", "none, gzip or zstd");
  }
}

function encoder(encoding: string, compress: (text: string) => Promise<Uint8Array>): Encoder {
  return async (text) =>
    text.length < MIN_LENGTH ? { body: text, encoding: undefined } : { body: await compress(text), encoding };
}

function zstd(): (text: string) => Promise<Uint8Array> {
  const { zstdCompress } = zlib as {
    zstdCompress?: (text: string, done: (error: Error | null, body: Buffer) => void) => void;
  };
  if (!zstdCompress) throw new ConfigError("options.compression", "none or gzip here: zstd needs Node 22.15 or later");
  return promisify(zstdCompress);
}
