/** Stopping when the process is told to end. */
import type { StopOptions } from "./consumer.ts";

export interface StopOnSignalsOptions extends StopOptions {
  /** Default SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[];
}

/**
 * Stops everything once the process gets one of the signals; then nothing of it keeps the process alive. A second signal
 * has its usual effect.
 * @returns undoes it
 */
export function stopOnSignals(
  what: readonly { stop(options?: StopOptions): Promise<unknown> }[],
  { signals = ["SIGTERM", "SIGINT"], ...options }: StopOnSignalsOptions = {},
): () => void {
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
