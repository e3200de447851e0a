/**
 * One call of a handler: its signal, its deadline, and what came of it. It never rejects, and it is over only when the
 * handler is: whatever was aborted may still be at work.
 */
import type { Clock } from "nakadi-protocol";
import { NakadiError, TimeoutError } from "../errors/nakadi-error.ts";
import type { HandlerOutcome } from "./handler.ts";

export type RunResult =
  | { kind: "done"; outcome: HandlerOutcome }
  | { kind: "failed"; error: unknown }
  /** It was called off: nothing that it says counts. */
  | { kind: "aborted" };

export interface RunParts {
  call: (signal: AbortSignal) => HandlerOutcome | Promise<HandlerOutcome>;
  clock: Clock;
  /** Milliseconds after which the signal is aborted and the try has failed; `undefined`: never. */
  timeoutMs: number | undefined;
  /** It is still at work although its deadline passed as long ago as it was given. */
  stuck: (error: NakadiError) => void;
}

const OUTCOMES: readonly unknown[] = [undefined, "commit", "hold", "stop"];

export class HandlerRun {
  readonly #parts: RunParts;
  readonly #abort = new AbortController();
  #calledOff = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Aborts the signal; the result will be `aborted`. */
  callOff(reason: unknown): void {
    this.#calledOff = true;
    this.#abort.abort(reason);
  }

  /** Calls the handler; resolves when it is over. */
  async start(): Promise<RunResult> {
    const { call, clock, timeoutMs, stuck } = this.#parts;
    const { signal } = this.#abort;
    let late: TimeoutError | undefined;
    let timer =
      timeoutMs === undefined
        ? undefined
        : clock.schedule(timeoutMs, () => {
            late = new TimeoutError(`the handler took longer than ${timeoutMs} ms`);
            this.#abort.abort(late);
            timer = clock.schedule(timeoutMs, () => stuck(stuckError(timeoutMs)));
          });
    try {
      const outcome = await call(signal);
      if (this.#calledOff) return { kind: "aborted" };
      // It may have returned early because of its signal, so its answer says nothing.
      if (late) return { kind: "failed", error: late };
      if (!OUTCOMES.includes(outcome)) return { kind: "failed", error: oddAnswer() };
      return { kind: "done", outcome };
    } catch (error) {
      return this.#calledOff ? { kind: "aborted" } : { kind: "failed", error: late ?? error };
    } finally {
      timer?.cancel();
    }
  }
}

function stuckError(timeoutMs: number): NakadiError {
  return new NakadiError("HANDLER", `a handler goes on ${timeoutMs} ms after its signal was aborted`);
}

function oddAnswer(): NakadiError {
  return new NakadiError("HANDLER", "a handler returned something else than nothing, commit, hold or stop");
}
