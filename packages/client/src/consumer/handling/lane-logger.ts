/**
 * The client's logger for a handler: each line says where the events come from.
 * @pure
 */
import type { Cursor } from "nakadi-protocol";
import type { Logger } from "../../observability/logger.ts";

export function laneLogger(logger: Logger, { event_type, partition, offset }: Cursor): Logger {
  const place = { event_type, partition, offset };
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      logger[level]({ ...place, ...fields }, message);
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}
