/**
 * Headers that a server has to read, ignore or refuse.
 * @pure
 */
import fc from "fast-check";

const JUNK_TYPES = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "application/avro-binary",
  "multipart/form-data",
  "json",
  ";",
];

/** Mostly JSON. */
export const anyContentType: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.constant("application/json") },
  { weight: 1, arbitrary: fc.constantFrom(...JUNK_TYPES) },
);

const STRANGE_HEADERS: readonly [name: string, values: readonly string[]][] = [
  [
    "accept",
    ["*/*", "text/html", "application/json;q=0", "application/x-json-stream", ",;,", "application/avro-binary"],
  ],
  ["accept-encoding", ["gzip", "gzip;q=0", "br, x-gzip", ",,,", "*"]],
  ["content-encoding", ["gzip", "zstd", "br", "", "identity"]],
  ["x-flow-id", ["mine", "", "ü".repeat(50), "x".repeat(1_000)]],
  [
    "x-consumer-tag",
    ["consumer_subscription_id=7b7c7100-0559-11e6-a837-0800200c9a66", "", "a=b", "=", "consumer_subscription_id=x"],
  ],
  [
    "x-nakadi-cursors",
    [
      '[{"partition":"0","offset":"BEGIN"}]',
      "[]",
      "{",
      "null",
      "[null]",
      '[{"partition":7,"offset":{}}]',
      '[{"partition":"9","offset":"0"}]',
    ],
  ],
  ["x-nakadi-streamid", ["7b7c7100-0559-11e6-a837-0800200c9a66", "x", ""]],
  ["authorization", ["Bearer x", "nonsense"]],
  ["expect", ["100-continue", "nonsense"]],
  ["range", ["bytes=0-1"]],
  ["if-none-match", ["*"]],
];
const strangeHeader: fc.Arbitrary<[string, string]> = fc
  .constantFrom(...STRANGE_HEADERS)
  .chain(([name, values]) => fc.constantFrom(...values).map((value): [string, string] => [name, value]));

/** None, or up to three. */
export const anyHeaders: fc.Arbitrary<[string, string][]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<[string, string][]>([]) },
  { weight: 2, arbitrary: fc.array(strangeHeader, { minLength: 1, maxLength: 3 }) },
);
