/** Compression of request bodies: gzip, and zstd by Node 22.15 or by an optional package (protocol 0.2). */
import { promisify } from "node:util";
import zlib from "node:zlib";
import { ConfigError } from "../errors/nakadi-error.ts";

export type Compression = "none" | "gzip" | "zstd";

/** A body and its `Content-Encoding`. */
interface EncodedBody {
  body: Uint8Array | string;
  encoding: string | undefined;
}

/** @throws {ConfigError} if neither Node nor an installed package supports the encoding */
export type Encoder = (text: string) => Promise<EncodedBody>;

/** In Node since 22.15; the types of Node 20 lack it. */
type NativeZstd = (text: string, done: (error: Error | null, body: Buffer) => void) => void;

/** Shorter bodies are not compressed. */
const MIN_LENGTH = 1_000;

const gzip = promisify<string, Uint8Array>(zlib.gzip);

interface ZstdPackage {
  Zstd: { load(): Promise<{ compress(bytes: Uint8Array): Uint8Array }> };
}

/**
 * @param zstdPackage loads zstd if Node lacks it
 * @throws {ConfigError} for an unknown encoding
 */
export function encoderOf(
  compression: Compression,
  zstdPackage: () => Promise<ZstdPackage> = () => import("@hpcc-js/wasm-zstd"),
): Encoder {
  switch (compression) {
    case "none":
      return (text) => Promise.resolve({ body: text, encoding: undefined });
    case "gzip":
      return encoder("gzip", gzip);
    case "zstd":
      return encoder("zstd", zstd(zstdPackage));
    default:
      throw new ConfigError("options.compression", "none, gzip or zstd");
  }
}

function encoder(encoding: string, compress: (text: string) => Promise<Uint8Array>): Encoder {
  return async (text) =>
    text.length < MIN_LENGTH ? { body: text, encoding: undefined } : { body: await compress(text), encoding };
}

function zstd(zstdPackage: () => Promise<ZstdPackage>): (text: string) => Promise<Uint8Array> {
  const { zstdCompress } = zlib as { zstdCompress?: NativeZstd };
  if (zstdCompress) return promisify(zstdCompress);
  return async (text) => {
    const { Zstd } = await zstdPackage().catch(() => {
      const allowed = "none or gzip here: zstd needs Node 22.15, or the package @hpcc-js/wasm-zstd";
      throw new ConfigError("options.compression", allowed);
    });
    return (await Zstd.load()).compress(Buffer.from(text));
  };
}
