/**
 * Calls that are under way: of handlers, and of what gives events up. Knows for each when it was begun, and so whether it is
 * why a session is lost.
 */
import type { Clock } from "nakadi-protocol";
import { type NakadiError, TimeoutError } from "../../errors/nakadi-error.ts";
import { HandlerRun, type RunParts } from "./handler-run.ts";
import type { OwnCalls } from "../own-calls.ts";
import type { Work, WorkPart } from "./work.ts";

export interface CallsParts {
  clock: Clock;
  commitTimeoutMs: number;
  ownCalls: OwnCalls;
  stuck: (error: NakadiError) => void;
}

interface Call {
  readonly run: HandlerRun;
  readonly begunAtMs: number;
  /** It was begun when the commit timeout was not near. */
  readonly inTime: boolean;
}

export class Calls<E> {
  readonly #parts: CallsParts;
  readonly #calls = new Map<WorkPart<E>, Call>();
  #stopAsked = false;

  constructor(parts: CallsParts) {
    this.#parts = parts;
  }

  get none(): boolean {
    return this.#calls.size === 0;
  }

  begin(part: WorkPart<E>, call: RunParts["call"], timeoutMs: number | undefined): HandlerRun {
    const { clock, stuck, ownCalls } = this.#parts;
    const run = new HandlerRun({ call: (signals) => ownCalls.run(() => call(signals)), clock, timeoutMs, stuck });
    this.#calls.set(part, { run, begunAtMs: clock.monotonicMs(), inTime: !part.work.session.isOverdue() });
    if (this.#stopAsked) run.askToStop();
    return run;
  }

  /** The handler has come to an end, with its deadline passed or not; `over` is to follow. */
  returned(part: WorkPart<E>): void {
    part.late = this.#tookTooLong(part);
  }

  over(part: WorkPart<E>): void {
    this.#calls.delete(part);
  }

  /** Whether a call is under way for the batch. */
  has(work: Work<E>): boolean {
    for (const part of this.#calls.keys()) if (part.work === work) return true;
    return false;
  }

  askToStop(): void {
    this.#stopAsked = true;
    for (const { run } of this.#calls.values()) run.askToStop();
  }

  callOff(reason: NakadiError): void {
    for (const { run } of this.#calls.values()) run.callOff(reason);
  }

  /** Calls off what is under way for batches that are gone; with `overdue`, what took too long has failed. */
  callOffGone(reason: NakadiError, overdue: boolean): void {
    for (const [part, { run }] of this.#calls) {
      if (!part.work.gone) continue;
      if (overdue && this.#tookTooLong(part)) this.cutOff(part);
      run.callOff(reason);
    }
  }

  /** The try counts as one that failed; what follows is decided when the batch comes again and can be committed. */
  cutOff(part: WorkPart<E>): void {
    const { clock, commitTimeoutMs } = this.#parts;
    part.doneAs = undefined;
    part.firstFailedAtMs ??= clock.wallMs();
    // To give events up is no try of theirs.
    if (part.unresolved) return;
    part.attempts += 1;
    const message = `the handler took longer than the commit timeout, ${commitTimeoutMs} ms, so the session was lost`;
    part.unresolved = { error: new TimeoutError(message) };
  }

  /**
   * Whether the commit timeout came near during the call, and the call is why: it took most of that time, or nothing else of
   * the session was of use.
   */
  #tookTooLong(part: WorkPart<E>): boolean {
    const call = this.#calls.get(part);
    const { session, parts } = part.work;
    if (!call?.inTime || !session.isOverdue()) return false;
    const { clock, commitTimeoutMs } = this.#parts;
    const useful = session.advanced || parts.some(({ doneAs }) => doneAs === "done" || doneAs === "commit");
    return !useful || clock.monotonicMs() - call.begunAtMs >= commitTimeoutMs / 2;
  }
}
