/** Stopping when the process is told to end. */
import { ConfigError } from "../errors/nakadi-error.ts";
import { abortSignal, knownMembers, optionalWholeNumber } from "../options/checks.ts";
import type { StopOptions } from "./consumer.ts";

export interface StopOnSignalsOptions extends StopOptions {
  /** Default SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[];
}

/**
 * Stops everything once the process gets one of the signals; then nothing of it keeps the process alive. A second signal
 * has its usual effect.
 * @returns undoes it
 * @throws {ConfigError} at once: later, nothing would be stopped
 */
export function stopOnSignals(
  what: readonly { stop(options?: StopOptions): Promise<unknown> }[],
  given: StopOnSignalsOptions = {},
): () => void {
  knownMembers("options", given, ["signals", "drainMs", "signal"]);
  const { signals = ["SIGTERM", "SIGINT"], ...options } = given;
  if (!Array.isArray(signals)) throw new ConfigError("options.signals", "an array of names of signals");
  optionalWholeNumber("options.drainMs", options.drainMs, { min: 0 });
  abortSignal("options.signal", options.signal);
  const undo = (): void => {
    for (const signal of signals) process.removeListener(signal, stop);
  };
  const stop = (): void => {
    undo();
    for (const one of what) {
      one.stop(options).catch((error: unknown) => {
        process.emitWarning(error instanceof Error ? error : String(error));
      });
    }
  };
  for (const signal of signals) process.on(signal, stop);
  return undo;
}
