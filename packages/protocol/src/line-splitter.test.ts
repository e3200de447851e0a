import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, LineTooLongError } from "./line-splitter.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The bytes in chunks that end where `cuts` say. */
function chunksOf(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.slice(places[index - 1] ?? 0, end));
}

describe("a line splitter", () => {
  it("finds the same lines whatever the chunks are", () => {
    const lines = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", "")));
    fc.assert(
      fc.property(
        lines,
        fc.string().map((text) => text.replaceAll("\n", "")),
        fc.array(fc.nat()),
        (whole, rest, cuts) => {
          const splitter = new LineSplitter(1_000_000);
          const bytes = encode(whole.map((line) => `${line}\n`).join("") + rest);
          const found = chunksOf(bytes, cuts).flatMap((chunk) => [...splitter.push(chunk)].map(decode));
          expect(found).toEqual(whole);
          expect(splitter.pendingBytes).toBe(encode(rest).length);
        },
      ),
    );
  });

  it("takes a line of exactly the limit and no longer one, after the lines before it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 80 }),
        fc.array(fc.nat()),
        (limit, length, cuts) => {
          const splitter = new LineSplitter(limit);
          const bytes = encode(`ok\n`.slice(-1 - Math.min(2, limit)) + `${"x".repeat(length)}\n`);
          const found: string[] = [];
          const read = (): void => {
            for (const chunk of chunksOf(bytes, cuts))
              for (const line of splitter.push(chunk)) found.push(decode(line));
          };
          if (length > limit) expect(read).toThrow(new LineTooLongError(limit));
          else read();
          expect(found.length).toBe(length > limit ? 1 : 2);
        },
      ),
    );
  });

  it("joins a long line in short steps, and has nothing pending between them", () => {
    const splitter = new LineSplitter(10_000_000);
    const part = encode("x".repeat(100_000));
    for (let i = 0; i < 50; i += 1) expect([...splitter.steps(part)]).toEqual([]);
    const seen: (number | undefined)[] = [];
    for (const line of splitter.steps(encode("end\nnext"))) {
      seen.push(line?.length);
      if (line === undefined) expect(splitter.pendingBytes).toBe(0);
    }
    expect(seen.slice(0, -1)).toEqual([undefined, undefined, undefined, undefined]);
    expect(seen.at(-1)).toBe(5_000_003);
    expect(splitter.pendingBytes).toBe(4);
  });

  it("copies nothing where a line lies in one chunk", () => {
    const chunk = encode("one\ntwo\n");
    for (const line of new LineSplitter(10).push(chunk)) expect(line.buffer).toBe(chunk.buffer);
  });
});
