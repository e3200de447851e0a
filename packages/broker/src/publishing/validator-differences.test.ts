/**
 * Events that our JSON schema validator (ajv, set up by `everit-dialect.ts`) is known to judge differently from the real
 * server's (everit 1.8 with its Java libraries). A change that closes one of these gaps removes its row.
 */
import { expect, it } from "vitest";
import { EventValidators } from "../event-types/schema/event-validator.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { scanBody } from "./scan.ts";
import { validationFault } from "./validate.ts";

const validators = new EventValidators();

async function takes(schema: object, event: string): Promise<boolean> {
  const validator = await validators.of(JSON.stringify({ properties: { a: schema } }));
  const [item] = scanBody(new TextEncoder().encode(`[{"a":${event}}]`), DEFAULT_LIMITS);
  if (!item) throw new Error("no event");
  return validationFault(item, { validator, category: "undefined", maxEventBytes: 1_000 }) === undefined;
}

it.each<[what: string, schema: object, event: string]>([
  ["a double that equals a whole number of an enumeration: Java tells 1.0 from 1", { enum: [1] }, "1.0"],
  [
    "a number just above a limit beyond 2^53: we compare doubles",
    { maximum: 9_007_199_254_740_992 },
    "9007199254740993",
  ],
  ["an email address below a domain that does not exist", { format: "email" }, '"a@example.nonsense"'],
])("we take %s; the real server refuses it", async (_what, schema, event) => {
  expect(await takes(schema, event)).toBe(true);
});

it.each<[what: string, schema: object, event: string]>([
  ["1 beside 1.0 where items are unique", { uniqueItems: true }, "[1,1.0]"],
  [
    "whole numbers beyond 2^53 that differ where items are unique",
    { uniqueItems: true },
    "[9007199254740993,9007199254740992]",
  ],
  ["an underscore in a host name", { format: "hostname" }, '"a_b.example.org"'],
])("we refuse %s; the real server takes it", async (_what, schema, event) => {
  expect(await takes(schema, event)).toBe(false);
});
