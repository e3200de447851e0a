/** Stopping in stages when the process is told to end. */
import { ConfigError } from "../errors/nakadi-error.ts";
import { abortSignal, knownMembers, optionalWholeNumber } from "../options/checks.ts";
import type { StopOptions } from "./consumer.ts";

export interface StopOnSignalsOptions extends StopOptions {
  /** Default SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[];
}

/** A consumer, publisher or outbox, a client or stream, or anything of the program's that ends in the same way. */
export type Stoppable = { stop(options?: StopOptions): Promise<unknown> } | { close(): Promise<unknown> };

/**
 * Stops everything once the process gets one of the signals, stage by stage: a stage begins when all of the one before have stopped
 * or failed to. What fails is a warning of the process. A second signal has its usual effect.
 * @param what arrays are stages, in their order. Without arrays the stages are: consumers, streams and what is not known; publishers
 *   and outboxes, which handlers may still use until then; clients
 * @param given `drainMs` and `signal` are for each stop; what has only `close` is closed
 * @returns undoes it
 * @throws {ConfigError} at once: later, nothing would be stopped
 */
export function stopOnSignals(
  what: readonly Stoppable[] | readonly (readonly Stoppable[])[],
  given: StopOnSignalsOptions = {},
): () => void {
  knownMembers("options", given, ["signals", "drainMs", "signal"]);
  const { signals = ["SIGTERM", "SIGINT"], ...options } = given;
  if (!Array.isArray(signals)) throw new ConfigError("options.signals", "an array of names of signals");
  optionalWholeNumber("options.drainMs", options.drainMs, { min: 0 });
  abortSignal("options.signal", options.signal);
  const stages = stagesOf(what);
  const undo = (): void => {
    for (const signal of signals) process.removeListener(signal, stop);
  };
  const stop = (): void => {
    undo();
    void stopAll(stages, options);
  };
  for (const signal of signals) process.on(signal, stop);
  return undo;
}

async function stopAll(stages: readonly (readonly Stoppable[])[], options: StopOptions): Promise<void> {
  for (const stage of stages) {
    const ends = await Promise.allSettled(stage.map(async (one) => ("stop" in one ? one.stop(options) : one.close())));
    for (const end of ends) {
      if (end.status === "rejected") process.emitWarning(end.reason instanceof Error ? end.reason : String(end.reason));
    }
  }
}

/** @throws {ConfigError} */
function stagesOf(what: readonly Stoppable[] | readonly (readonly Stoppable[])[]): readonly (readonly Stoppable[])[] {
  const allowed = "an array of what has stop or close, or of arrays of it";
  if (!Array.isArray(what)) throw new ConfigError("what", allowed);
  const isNested = what.some((one) => Array.isArray(one));
  const stages = isNested ? (what as readonly (readonly Stoppable[])[]) : inDefaultOrder(what as readonly Stoppable[]);
  const isStoppable = (one: unknown): boolean =>
    ["stop", "close"].some((name) => typeof (one as Record<string, unknown> | null | undefined)?.[name] === "function");
  if (!stages.every((stage) => Array.isArray(stage) && stage.every(isStoppable)))
    throw new ConfigError("what", allowed);
  return stages;
}

function inDefaultOrder(what: readonly Stoppable[]): Stoppable[][] {
  const stages: Stoppable[][] = [[], [], []];
  for (const one of what) stages[stageOf(one)]?.push(one);
  return stages;
}

function stageOf(one: Stoppable | null | undefined): number {
  const has = (name: string): boolean =>
    typeof (one as Record<string, unknown> | null | undefined)?.[name] === "function";
  if (has("consume")) return 2;
  return has("publish") || has("wake") ? 1 : 0;
}
