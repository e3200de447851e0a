/** Decompresses zstd bodies (protocol 0.2): with Node if it can, else with the optional package `fzstd`. */
import { promisify } from "node:util";
import zlib from "node:zlib";

/** The body is not a zstd frame. */
class ZstdError extends Error {
  override readonly name = "ZstdError";
}

/** Neither Node nor `fzstd` is available. */
export class ZstdUnavailableError extends Error {
  override readonly name = "ZstdUnavailableError";
}

/** In Node since 22.15; our version of its types lacks it. */
type NativeZstd = (
  body: Uint8Array,
  options: { maxOutputLength: number },
  done: (error: Error | null, result: Buffer) => void,
) => void;
const native = (zlib as unknown as { zstdDecompress?: NativeZstd }).zstdDecompress;

/**
 * @throws {RangeError} if the content has more than `maxBytes`
 * @throws {ZstdError}
 * @throws {ZstdUnavailableError}
 */
export async function unzstd(body: Uint8Array, maxBytes: number): Promise<Buffer> {
  if (native === undefined) return unzstdByPackage(body, maxBytes);
  try {
    return await promisify(native)(body, { maxOutputLength: maxBytes });
  } catch (error) {
    throw error instanceof RangeError ? error : new ZstdError("Not in ZSTD format", { cause: error });
  }
}

async function unzstdByPackage(body: Uint8Array, maxBytes: number): Promise<Buffer> {
  const { Decompress } = await import("fzstd").catch((error: unknown) => {
    throw new ZstdUnavailableError("zstd needs Node 22.15 or the package fzstd", { cause: error });
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const decompress = new Decompress((chunk) => {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new RangeError(`More than ${maxBytes} bytes.`);
    chunks.push(chunk.slice());
  });
  try {
    // In pieces, so that the limit is noticed before all of the content is in memory.
    for (let at = 0; at < body.length; at += PIECE_BYTES)
      decompress.push(body.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= body.length);
  } catch (error) {
    throw error instanceof RangeError && bytes > maxBytes
      ? error
      : new ZstdError("Not in ZSTD format", { cause: error });
  }
  if (body.length === 0) throw new ZstdError("Not in ZSTD format");
  return Buffer.concat(chunks);
}

const PIECE_BYTES = 65_536;
