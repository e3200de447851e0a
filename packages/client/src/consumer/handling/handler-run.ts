/**
 * One call of a handler: its signal, its deadline, and what came of it. It never rejects, and it is over only when the
 * handler is: whatever was aborted may still be at work.
 */
import type { Clock } from "nakadi-protocol";
import { NakadiError, TimeoutError } from "../../errors/nakadi-error.ts";
import type { HandlerOutcome } from "./handler.ts";

export type RunResult =
  | { kind: "done"; outcome: HandlerOutcome }
  | { kind: "failed"; error: unknown }
  /** It was called off: nothing that it says counts. */
  | { kind: "aborted" };

export interface RunSignals {
  /** Aborted when nothing counts any more that the handler says. */
  readonly signal: AbortSignal;
  /** Aborted when it should come to an end. */
  readonly stopping: AbortSignal;
}

export interface RunParts {
  call: (signals: RunSignals) => HandlerOutcome | Promise<HandlerOutcome>;
  clock: Clock;
  /** Milliseconds after which the signal is aborted and the try has failed; `undefined`: never. */
  timeoutMs: number | undefined;
  /** It is still at work although its deadline passed as long ago as it was given. */
  stuck: (error: NakadiError) => void;
}

const OUTCOMES: readonly unknown[] = [undefined, "commit", "hold", "stop"];

export class HandlerRun implements RunSignals {
  readonly #parts: RunParts;
  readonly #abort = new AbortController();
  #stop: AbortController | undefined;
  #stopAsked = false;
  #calledOff = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Made when somebody asks for it: there is one for each call, and few handlers look. */
  get stopping(): AbortSignal {
    this.#stop ??= new AbortController();
    if (this.#stopAsked) this.#stop.abort(stopAsked());
    return this.#stop.signal;
  }

  askToStop(): void {
    this.#stopAsked = true;
    this.#stop?.abort(stopAsked());
  }

  /** Aborts the signal; the result will be `aborted`. */
  callOff(reason: unknown): void {
    this.#calledOff = true;
    this.#abort.abort(reason);
  }

  /** Calls the handler; resolves when it is over. */
  async start(): Promise<RunResult> {
    const { call, clock, timeoutMs, stuck } = this.#parts;
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
      const outcome = await call(this);
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

function stopAsked(): NakadiError {
  return new NakadiError("CLOSED", "the consumer stops");
}

function oddAnswer(): NakadiError {
  return new NakadiError("HANDLER", "a handler returned something else than nothing, commit, hold or stop");
}
