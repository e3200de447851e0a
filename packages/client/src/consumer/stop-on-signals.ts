/** Stops consumers, publishers and clients in stages when the process receives a signal. */
import { ConfigError } from "../errors/nakadi-error.ts";
import { abortSignal, knownMembers, optionalWholeNumber } from "../options/checks.ts";
import type { StopOptions } from "./consumer.ts";

export interface StopOnSignalsOptions extends StopOptions {
  /** Default SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[];
}

/** A consumer, publisher, outbox, client or stream, or an object of the program with the same method. */
export type Stoppable = { stop(options?: StopOptions): Promise<unknown> } | { close(): Promise<unknown> };

/**
 * Stops everything when the process receives one of the signals, stage by stage: a stage begins when every stop of the one before
 * has ended. A stop that fails is a process warning. A second signal has its usual effect.
 * @param what arrays are stages, in their order. Without arrays the stages are: consumers, streams and unknown objects; publishers
 *   and outboxes, which handlers use until then; clients
 * @param given `drainMs` and `signal` are passed to each `stop`; an object that has only `close` is closed
 * @returns removes the signal handlers
 * @throws {ConfigError} when called, not when the signal arrives
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
  const allowed = "an array of objects with stop or close, or an array of such arrays";
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
