/** The program's logger, of which nothing that is thrown reaches the client: it may be called from a timer. */
import type { Logger } from "./logger.ts";
import { tellObserver } from "./observer.ts";

/** What it throws first is a warning of the process; a logger that is broken cannot say so itself. */
export function guardedLogger(logger: Logger): Logger {
  let warned = false;
  const failed = (error: unknown): void => {
    if (warned) return;
    warned = true;
    const said = error instanceof Error ? error.message : "it gives no reason";
    process.emitWarning(`The logger of a Nakadi client has failed: ${said}`, { type: "NakadiLoggerFailed" });
  };
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      tellObserver(() => logger[level](fields, message), failed);
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}
