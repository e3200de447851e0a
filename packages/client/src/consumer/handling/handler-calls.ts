/**
 * Calls of handlers and of failure resolutions: the signals, deadline and result of each, and whether a call is the reason that
 * its session was lost. A call never rejects, and ends only when the handler returns: an aborted handler may still be running.
 */
import type { Clock } from "nakadi-protocol";
import { NakadiError, TimeoutError } from "../../errors/nakadi-error.ts";
import type { OwnCalls } from "../own-calls.ts";
import type { HandlerOutcome } from "./handler.ts";
import type { Work, WorkPart } from "./work.ts";

export type CallResult =
  | { kind: "done"; outcome: HandlerOutcome }
  | { kind: "failed"; error: unknown }
  /** The call was aborted: its outcome does not count. */
  | { kind: "aborted" };

export interface CallSignals {
  /** Aborted when the outcome of the handler no longer counts. */
  readonly signal: AbortSignal;
  /** Aborted when the consumer was asked to stop. */
  readonly stopping: AbortSignal;
}

export interface HandlerCallParts {
  run: (signals: CallSignals) => HandlerOutcome | Promise<HandlerOutcome>;
  clock: Clock;
  /** Milliseconds after which the signal is aborted and the attempt has failed; `undefined`: no limit. */
  timeoutMs: number | undefined;
  /** The handler still runs `timeoutMs` after its signal was aborted. */
  stuck: (error: NakadiError) => void;
}

const OUTCOMES: readonly unknown[] = [undefined, "commit", "hold", "stop"];

export class HandlerCall implements CallSignals {
  readonly #parts: HandlerCallParts;
  readonly #controller = new AbortController();
  #stop: AbortController | undefined;
  #stopAsked = false;
  #aborted = false;

  constructor(parts: HandlerCallParts) {
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Created on first use: every call would have one, and few handlers read it. */
  get stopping(): AbortSignal {
    this.#stop ??= new AbortController();
    if (this.#stopAsked) this.#stop.abort(stopAsked());
    return this.#stop.signal;
  }

  askToStop(): void {
    this.#stopAsked = true;
    this.#stop?.abort(stopAsked());
  }

  /** Aborts the signal; the result becomes `aborted`. */
  abort(reason: unknown): void {
    this.#aborted = true;
    this.#controller.abort(reason);
  }

  /** Calls the handler; resolves when it returns. */
  async start(): Promise<CallResult> {
    const { run, clock, timeoutMs, stuck } = this.#parts;
    let late: TimeoutError | undefined;
    let timer =
      timeoutMs === undefined
        ? undefined
        : clock.schedule(timeoutMs, () => {
            late = new TimeoutError(`the handler took longer than ${timeoutMs} ms`);
            this.#controller.abort(late);
            timer = clock.schedule(timeoutMs, () => stuck(stuckError(timeoutMs)));
          });
    try {
      const outcome = await run(this);
      if (this.#aborted) return { kind: "aborted" };
      // The aborted signal may have made it return early, so its outcome does not count.
      if (late) return { kind: "failed", error: late };
      if (!OUTCOMES.includes(outcome)) return { kind: "failed", error: invalidOutcome() };
      return { kind: "done", outcome };
    } catch (error) {
      return this.#aborted ? { kind: "aborted" } : { kind: "failed", error: late ?? error };
    } finally {
      timer?.cancel();
    }
  }
}

function stuckError(timeoutMs: number): NakadiError {
  return new NakadiError(
    "HANDLER",
    `a handler still runs ${timeoutMs} ms after its signal was aborted; it should end when its signal is aborted`,
  );
}

function stopAsked(): NakadiError {
  return new NakadiError("CLOSED", "the consumer stops");
}

function invalidOutcome(): NakadiError {
  return new NakadiError("HANDLER", "a handler returned something else than nothing, commit, hold or stop");
}

export interface HandlerCallsParts {
  clock: Clock;
  commitTimeoutMs: number;
  ownCalls: OwnCalls;
  stuck: (error: NakadiError) => void;
}

interface OpenCall {
  readonly call: HandlerCall;
  readonly begunAtMs: number;
  /** The call began before five sixths of the commit timeout had passed. */
  readonly inTime: boolean;
}

export class HandlerCalls<E> {
  readonly #parts: HandlerCallsParts;
  readonly #calls = new Map<WorkPart<E>, OpenCall>();
  #stopAsked = false;

  constructor(parts: HandlerCallsParts) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  open(part: WorkPart<E>, run: HandlerCallParts["run"], timeoutMs: number | undefined): HandlerCall {
    const { clock, stuck, ownCalls } = this.#parts;
    const call = new HandlerCall({ run: (signals) => ownCalls.run(() => run(signals)), clock, timeoutMs, stuck });
    this.#calls.set(part, { call, begunAtMs: clock.monotonicMs(), inTime: !part.work.session.isOverdue() });
    if (this.#stopAsked) call.askToStop();
    return call;
  }

  /** The handler has returned, in time or late; `close` follows. */
  noteReturn(part: WorkPart<E>): void {
    part.late = this.#tookTooLong(part);
  }

  close(part: WorkPart<E>): void {
    this.#calls.delete(part);
  }

  /** Whether a call of the batch is open. */
  hasCallOf(work: Work<E>): boolean {
    for (const part of this.#calls.keys()) if (part.work === work) return true;
    return false;
  }

  askToStop(): void {
    this.#stopAsked = true;
    for (const { call } of this.#calls.values()) call.askToStop();
  }

  abortAll(reason: NakadiError): void {
    for (const { call } of this.#calls.values()) call.abort(reason);
  }

  /** Aborts the calls of lost batches; with `overdue`, a call that took too long counts as a failed attempt. */
  abortLost(reason: NakadiError, overdue: boolean): void {
    for (const [part, { call }] of this.#calls) {
      if (!part.work.gone) continue;
      if (overdue && this.#tookTooLong(part)) this.countAsFailed(part);
      call.abort(reason);
    }
  }

  /** Counts the attempt as failed. The failure policy decides when the batch is redelivered, because only then a commit is accepted. */
  countAsFailed(part: WorkPart<E>): void {
    const { clock, commitTimeoutMs } = this.#parts;
    part.doneAs = undefined;
    part.firstFailedAtMs ??= clock.wallMs();
    // Resolving a failure is not an attempt of the handler.
    if (part.unresolved) return;
    part.attempts += 1;
    const message = `the handler took longer than the commit timeout, ${commitTimeoutMs} ms, so the session was lost`;
    part.unresolved = { error: new TimeoutError(message) };
  }

  /**
   * Whether the commit timeout came near during the call because of the call: it took at least half of that time, or no other
   * batch of the session made progress.
   */
  #tookTooLong(part: WorkPart<E>): boolean {
    const call = this.#calls.get(part);
    const { session, parts } = part.work;
    if (!call?.inTime || !session.isOverdue()) return false;
    const { clock, commitTimeoutMs } = this.#parts;
    const progress = session.advanced || parts.some(({ doneAs }) => doneAs === "done" || doneAs === "commit");
    return !progress || clock.monotonicMs() - call.begunAtMs >= commitTimeoutMs / 2;
  }
}
