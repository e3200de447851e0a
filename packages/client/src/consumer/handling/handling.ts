/**
 * Has batches handled: the scheduler says which part is next, the failure policy what follows a failed try. This is the
 * driver of both.
 */
import type { Clock, LaneKey, Timer } from "nakadi-protocol";
import { type NakadiError, UnreadableEventError } from "../../errors/nakadi-error.ts";
import type { Logger } from "../../observability/logger.ts";
import { backoffMs } from "../../stream/backoff.ts";
import type { Parsed } from "../../stream/event-parsing.ts";
import { Calls } from "./calls.ts";
import type { DoneAs } from "../reading/commit-tracker.ts";
import { eventsFrom } from "./event-slices.ts";
import { halves, judge } from "../failures/failure-policy.ts";
import type { HandlerOutcome } from "./handler.ts";
import { callHandler } from "./handler-call.ts";
import { handlerError, ownError } from "../failures/handler-error.ts";
import type { RunParts, RunSignals } from "./handler-run.ts";
import { LaneScheduler } from "./lane-scheduler.ts";
import { nextTurn, turnIsSpent } from "../../stream/loop-budget.ts";
import { type OwnCalls, SelfWaitError } from "../own-calls.ts";
import type { Loss } from "../reading/open-session.ts";
import { Opening } from "./opening.ts";
import type { ConsumerSettings } from "../options.ts";
import { PastTries } from "../failures/attempt-memory.ts";
import type { Undertaker } from "../failures/failure-resolver.ts";
import { begin, cut, outcomeOf, partOf, pick, settle, unreadableIndex, type Work, type WorkPart } from "./work.ts";

export interface HandlingParts<E> {
  settings: ConsumerSettings<E>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  undertaker: Undertaker<E>;
  ownCalls: OwnCalls;
  /** All of the batch is done. */
  done: (work: Work<E>, as: DoneAs) => void;
  /** Nothing of the batch is held any more. */
  released: (work: Work<E>) => void;
  retrying: (error: NakadiError, delayMs: number) => void;
  /** A handler asked for it. */
  stop: () => void;
  fatal: (error: NakadiError) => void;
}

export class Handling<E> {
  readonly #parts: HandlingParts<E>;
  readonly #scheduler: LaneScheduler<Work<E>, WorkPart<E>>;
  readonly #calls: Calls<E>;
  readonly #opening: Opening<E>;
  readonly #past = new PastTries();
  #timer: Timer | undefined;
  /** Goes on in the next turn of the loop. */
  #later = false;
  #draining = false;
  #whenQuiet: (() => void)[] = [];

  constructor(parts: HandlingParts<E>) {
    this.#parts = parts;
    const { concurrency, maxEventsPerSecond, key, commitTimeoutMs } = parts.settings;
    const { clock, ownCalls, fatal } = parts;
    this.#calls = new Calls({ clock, commitTimeoutMs, ownCalls, stuck: fatal });
    this.#opening = new Opening({
      settings: parts.settings,
      opened: (work, made) => this.#opened(work, made),
      later: () => this.#pump(),
      fatal,
    });
    this.#scheduler = new LaneScheduler({ concurrency, maxEventsPerSecond, keyed: key !== undefined });
  }

  add(work: Work<E>): void {
    this.#scheduler.add(work.lane, work);
    this.#pump();
  }

  /** Forgets batches whose session or lane is gone; their handlers learn it at once. */
  drop({ works, late, reason, overdue }: Loss<E>): void {
    const gone = new Set(works);
    for (const work of gone) work.gone = true;
    this.#scheduler.drop((what) => ("work" in what ? what.work : what).gone);
    this.#calls.callOffGone(reason, overdue);
    for (const part of late.flatMap(({ parts }) => parts)) if (overdue && part.late) this.#calls.cutOff(part);
    const nowMs = this.#parts.clock.monotonicMs();
    for (const work of [...gone, ...late]) this.#past.note(work, overdue, nowMs);
    for (const work of gone) if (!this.#calls.has(work)) this.#parts.released(work);
    this.#pump();
  }

  /** Positions of the lanes moved. */
  committed(lanes: Iterable<LaneKey>): void {
    this.#past.forget(lanes);
  }

  pause(lane?: LaneKey): void {
    this.#scheduler.pause(lane);
  }

  resume(lane?: LaneKey): void {
    this.#scheduler.resume(lane);
    this.#pump();
  }

  /** No batch begins any more, and handlers are told. Resolves when what has begun is done, has failed or was given up. */
  drain(): Promise<void> {
    this.#draining = true;
    this.#calls.askToStop();
    this.#scheduler.drain(({ work }) => work.begun);
    return new Promise((resolve) => {
      this.#whenQuiet.push(resolve);
      this.#pump();
    });
  }

  /** Aborts whatever still runs; nothing of it counts. */
  callOff(reason: NakadiError): void {
    this.#timer?.cancel();
    this.#scheduler.pause();
    this.#calls.callOff(reason);
  }

  #pump(): void {
    this.#timer?.cancel();
    const { clock } = this.#parts;
    for (let turn = this.#next(); turn; turn = this.#next()) {
      if (turn.kind === "open") this.#opening.open(turn.batch);
      else void this.#run(turn.part);
      if (turnIsSpent()) {
        this.#pumpLater();
        return;
      }
    }
    const waitMs = this.#scheduler.wakeInMs(clock.monotonicMs());
    if (waitMs !== undefined) this.#timer = clock.schedule(waitMs, () => this.#pump());
    else if (this.#draining && this.#calls.none) for (const resolve of this.#whenQuiet.splice(0)) resolve();
  }

  #pumpLater(): void {
    if (this.#later) return;
    this.#later = true;
    void nextTurn().then(() => {
      this.#later = false;
      this.#pump();
    });
  }

  #next(): ReturnType<LaneScheduler<Work<E>, WorkPart<E>>["next"]> {
    return this.#scheduler.next(this.#parts.clock.monotonicMs());
  }

  #opened(work: Work<E>, parts: readonly WorkPart<E>[]): void {
    const open = begin(work, this.#past.recall(work, parts, this.#parts.clock.monotonicMs()));
    this.#scheduler.opened(work.lane, work, open);
    if (open.length > 0) return;
    this.#parts.done(work, outcomeOf(work));
    this.#parts.released(work);
  }

  async #run(part: WorkPart<E>): Promise<void> {
    const { settings } = this.#parts;
    const { work } = part;
    work.begun = true;
    const unreadable = unreadableIndex(part);
    if (unreadable !== undefined) {
      await this.#giveUpUnreadable(part, new UnreadableEventError(work.batch.cursor, unreadable));
      this.#pump();
      return;
    }
    if (part.unresolved && !(await this.#triedAgain(part, part.unresolved.error))) {
      this.#pump();
      return;
    }
    const result = await this.#calls
      .begin(part, (signals) => this.#call(part, signals), settings.handlerTimeoutMs)
      .start();
    this.#calls.returned(part);
    if (result.kind === "aborted" || work.gone) this.#end(part);
    else if (result.kind === "failed") await this.#failed(part, result.error);
    else {
      this.#done(part, result.outcome);
      if (result.outcome === "stop") this.#parts.stop();
    }
    this.#pump();
  }

  /** Whether the part is to be handled once more; else it is in halves now, or given up. */
  async #triedAgain(part: WorkPart<E>, error: unknown): Promise<boolean> {
    part.unresolved = undefined;
    const verdict = judge(part, this.#parts.settings.failure, 0);
    if (verdict.kind === "retry") this.#parts.retrying(handlerError(`failed ${part.attempts} times`, error), 0);
    else if (this.#draining) this.#abandon(part);
    else if (verdict.kind === "bisect") this.#split(part);
    else await this.#giveUp(part, error);
    return verdict.kind === "retry";
  }

  #call(part: WorkPart<E>, signals: RunSignals): HandlerOutcome | Promise<HandlerOutcome> {
    const { work } = part;
    const handler = this.#opening.handlerOf(work);
    const call = (all: readonly Parsed<E>[]): HandlerOutcome | Promise<HandlerOutcome> =>
      callHandler(handler, part, all, this.#parts.logger, signals);
    // Made anew from the bytes once a handler has had them: it may have changed them.
    const events = part.seen ? eventsFrom<E>(work.batch.raw) : work.fresh;
    if (!(events instanceof Promise)) return call(events);
    return events.then((all) => {
      // That took turns of the event loop: nothing is handed over that was called off meanwhile.
      signals.signal.throwIfAborted();
      return call(all);
    });
  }

  #done(part: WorkPart<E>, outcome: HandlerOutcome): void {
    const { work } = part;
    const as = settle(part, outcome, this.#parts.settings.commit.manual);
    if (as !== undefined) {
      // It may come again before its commit is taken.
      if (work.session.ended) this.#past.note(work, true, this.#parts.clock.monotonicMs());
      this.#parts.done(work, as);
    }
    this.#end(part);
  }

  /** Its handler is over and is not called again. */
  #end(part: WorkPart<E>): void {
    const { work } = part;
    this.#calls.over(part);
    this.#scheduler.finished(part);
    if (!this.#calls.has(work) && (work.gone || work.left === 0)) this.#parts.released(work);
  }

  async #failed(part: WorkPart<E>, error: unknown): Promise<void> {
    if (error instanceof SelfWaitError) {
      this.#stopAt(part, error);
      return;
    }
    const { settings, clock, random } = this.#parts;
    part.attempts += 1;
    part.firstFailedAtMs ??= clock.wallMs();
    if (this.#draining) {
      this.#abandon(part);
      return;
    }
    const verdict = judge(part, settings.failure, random());
    if (verdict.kind === "retry") this.#rest(part, error, verdict.delayMs);
    else if (verdict.kind === "bisect") this.#split(part);
    else await this.#giveUp(part, error);
  }

  #rest(part: WorkPart<E>, error: unknown, delayMs: number): void {
    this.#calls.over(part);
    this.#scheduler.rest(part, this.#parts.clock.monotonicMs() + delayMs);
    this.#parts.retrying(handlerError(`failed ${part.attempts} times`, error), delayMs);
  }

  #split(part: WorkPart<E>): void {
    const pieces = halves(part.indexes).map((indexes) => partOf(part.work, part.key, indexes, true));
    cut(part, pieces);
    this.#calls.over(part);
    this.#scheduler.split(part, pieces);
  }

  /** No try would read it. */
  async #giveUpUnreadable(part: WorkPart<E>, error: UnreadableEventError): Promise<void> {
    part.attempts = 1;
    part.firstFailedAtMs ??= this.#parts.clock.wallMs();
    await this.#giveUp(part, error);
  }

  /** The lane waits until it is known what becomes of the events. */
  async #giveUp(part: WorkPart<E>, error: unknown): Promise<void> {
    const { undertaker, settings, random } = this.#parts;
    if (part.buried >= settings.failure.retry.attempts) {
      this.#stopAt(part, handlerError("could not be given up on within the commit timeout", error));
      return;
    }
    part.buried += 1;
    part.unresolved = { error };
    let action: Awaited<ReturnType<Undertaker<E>["bury"]>> = "stop";
    const bury: RunParts["call"] = async ({ signal }) => {
      const events = await eventsFrom<E>(part.work.batch.raw);
      signal.throwIfAborted();
      action = await undertaker.bury(part, pick(part, events), error, signal);
    };
    const result = await this.#calls.begin(part, bury, undefined).start();
    if (result.kind === "aborted" || part.work.gone) {
      this.#end(part);
      return;
    }
    part.unresolved = undefined;
    if (result.kind === "failed") this.#stopAt(part, ownError("could not be given up on", result.error));
    else if (action === "stop" && error instanceof UnreadableEventError) this.#stopAt(part, error);
    else if (action === "stop") this.#stopAt(part, handlerError(`failed ${part.attempts} times`, error));
    else if (action === "retry" && this.#draining) this.#abandon(part);
    else if (action === "retry") {
      part.attempts = 0;
      part.buried = 0;
      this.#rest(part, error, backoffMs(0, settings.failure.retry, random()));
    } else this.#done(part, undefined);
  }

  #stopAt(part: WorkPart<E>, error: NakadiError): void {
    this.#abandon(part);
    this.#parts.fatal(error);
  }

  /** It is not tried again, and nothing overtakes it. */
  #abandon(part: WorkPart<E>): void {
    this.#calls.over(part);
    this.#scheduler.rest(part, Infinity);
  }
}
