import zlib from "node:zlib";
import { expect, it } from "vitest";
import { encoderOf } from "./compression.ts";

it.skipIf("zstdCompress" in zlib)(
  "zstd that nothing here can make is a ConfigError that says what is missing",
  async () => {
    const encode = encoderOf("zstd", () => Promise.reject(new Error("not installed")));
    expect(await encode("short")).toEqual({ body: "short", encoding: undefined });
    await expect(encode("x".repeat(2_000))).rejects.toMatchObject({
      code: "CONFIG",
      path: "options.compression",
      message: expect.stringContaining("@hpcc-js/wasm-zstd"),
    });
  },
);
