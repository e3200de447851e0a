/** What a broker has to say while it serves: warnings and errors, a line each, on standard error. */
import type { Logger } from "nakadi-broker";
import type { Output } from "../context.ts";
import { describe } from "../failure.ts";

export function brokerLog(output: Output): Logger {
  const say = (fields: { error?: unknown }, message: string): void =>
    output.write(`nakadi: ${message}${fields.error === undefined ? "" : `: ${describe(fields.error)}`}\n`);
  return { debug: () => undefined, info: () => undefined, warn: say, error: say };
}
