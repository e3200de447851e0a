/** The program's logger; errors that it throws do not reach the client, which may call it from a timer. */
import type { Logger } from "./logger.ts";
import { tellObserver } from "./observer.ts";

/** The first error of the logger becomes a warning of the process, because the logger cannot report it. */
export function guardedLogger(logger: Logger): Logger {
  let warned = false;
  const failed = (error: unknown): void => {
    if (warned) return;
    warned = true;
    const said = error instanceof Error ? error.message : "no reason given";
    process.emitWarning(`The logger of a Nakadi client failed: ${said}`, { type: "NakadiLoggerFailed" });
  };
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      tellObserver(() => logger[level](fields, message), failed);
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}
