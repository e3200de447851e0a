/** Warnings and errors of a broker, a line each, on standard error. */
import type { Logger } from "nakadi-broker";
import type { Output } from "../context.ts";
import { describe } from "../failure.ts";

/** What is logged before `started` waits for it: a start that fails ends with its own message. */
export function brokerLog(output: Output): Logger & { started(): void } {
  let waiting: string[] | undefined = [];
  const say = (fields: { error?: unknown }, message: string): void => {
    const line = `nakadi: ${message}${fields.error === undefined ? "" : `: ${describe(fields.error)}`}\n`;
    if (waiting) waiting.push(line);
    else output.write(line);
  };
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: say,
    error: say,
    started() {
      for (const line of waiting ?? []) output.write(line);
      waiting = undefined;
    },
  };
}
