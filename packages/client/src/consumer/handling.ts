/**
 * Has batches handled: the scheduler says which part is next, the failure policy what follows a failed try. This is the
 * driver of both.
 */
import type { Clock, LaneKey, Timer } from "nakadi-protocol";
import type { NakadiError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import { backoffMs } from "../stream/backoff.ts";
import type { DoneAs } from "./commit-tracker.ts";
import { eventsFrom } from "./event-slices.ts";
import { halves, judge } from "./failure-policy.ts";
import type { Handler, HandlerOutcome } from "./handler.ts";
import { callHandler } from "./handler-call.ts";
import { handlerError, ownError } from "./handler-error.ts";
import { HandlerRun, type RunSignals } from "./handler-run.ts";
import { laneOf } from "./lane.ts";
import { LaneScheduler } from "./lane-scheduler.ts";
import { nextTurn, turnIsSpent } from "../stream/loop-budget.ts";
import { checkedHandler, type ConsumerSettings } from "./options.ts";
import { Scars } from "./scars.ts";
import type { Undertaker } from "./undertaker.ts";
import { partOf, partsOf, pick, settle, type Work, type WorkPart } from "./work.ts";

export interface HandlingParts<E> {
  settings: ConsumerSettings<E>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  undertaker: Undertaker<E>;
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
  readonly #runs = new Map<WorkPart<E>, HandlerRun>();
  readonly #scars = new Scars();
  #timer: Timer | undefined;
  /** Goes on in the next turn of the loop. */
  #later = false;
  #draining = false;
  #whenQuiet: (() => void)[] = [];

  constructor(parts: HandlingParts<E>) {
    this.#parts = parts;
    const { concurrency, maxEventsPerSecond, key } = parts.settings;
    this.#scheduler = new LaneScheduler({ concurrency, maxEventsPerSecond, keyed: key !== undefined });
  }

  add(work: Work<E>): void {
    this.#scheduler.add(work.lane, work);
    this.#pump();
  }

  /** Forgets batches whose session or lane is gone; their handlers learn it at once. */
  drop(works: Iterable<Work<E>>, reason: NakadiError): void {
    const gone = new Set(works);
    for (const work of gone) work.gone = true;
    this.#scheduler.drop((what) => ("work" in what ? what.work : what).gone);
    for (const [part, run] of this.#runs) if (part.work.gone) run.callOff(reason);
    const running = new Set([...this.#runs.keys()].map(({ work }) => work));
    for (const work of gone) if (!running.has(work)) this.#parts.released(work);
    this.#pump();
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
    for (const run of this.#runs.values()) run.askToStop();
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
    for (const run of this.#runs.values()) run.callOff(reason);
  }

  #pump(): void {
    this.#timer?.cancel();
    const { clock } = this.#parts;
    for (let turn = this.#next(); turn; turn = this.#next()) {
      if (turn.kind === "open") this.#open(turn.batch);
      else void this.#run(turn.part);
      if (turnIsSpent()) {
        this.#pumpLater();
        return;
      }
    }
    const waitMs = this.#scheduler.wakeInMs(clock.monotonicMs());
    if (waitMs !== undefined) this.#timer = clock.schedule(waitMs, () => this.#pump());
    else if (this.#draining && this.#runs.size === 0) for (const resolve of this.#whenQuiet.splice(0)) resolve();
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

  #open(work: Work<E>): void {
    this.#orFatal(() => {
      const events = eventsFrom<E>(work.batch.raw);
      if (events instanceof Promise) void this.#openLarge(work, events);
      else this.#opened(work, events);
    });
  }

  async #openLarge(work: Work<E>, parsing: Promise<readonly E[]>): Promise<void> {
    const parsed = await parsing.then(
      (events) => ({ events }),
      (error: unknown) => ({ error }),
    );
    this.#orFatal(() => {
      if (work.gone) return;
      if ("error" in parsed) throw parsed.error;
      this.#opened(work, parsed.events);
    });
    this.#pump();
  }

  #opened(work: Work<E>, events: readonly E[]): void {
    const single = this.#handlerOf(work).onEvent !== undefined;
    const parts = partsOf(work, events, single, this.#parts.settings.key);
    this.#scars.remember(work.lane, parts);
    this.#scheduler.opened(work.lane, work, parts);
  }

  /** Not an event but the program, or the wire, is at fault: no policy for events covers that. */
  #orFatal(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#parts.fatal(ownError("cannot be made, or options.key has thrown", thrown));
    }
  }

  #handlerOf({ session, lane, batch }: Work<E>): Handler<E> {
    const known = session.handlers.get(lane);
    if (known) return known;
    const made = checkedHandler(this.#parts.settings.handlerOf(laneOf(batch.cursor)));
    session.handlers.set(lane, made);
    return made;
  }

  async #run(part: WorkPart<E>): Promise<void> {
    const { clock, settings } = this.#parts;
    const { work } = part;
    work.begun = true;
    const run = new HandlerRun({
      call: (signals) => this.#call(part, signals),
      clock,
      timeoutMs: settings.handlerTimeoutMs,
      stuck: (error) => this.#parts.fatal(error),
    });
    this.#runs.set(part, run);
    if (this.#draining) run.askToStop();
    const result = await run.start();
    if (result.kind === "aborted" || work.gone) this.#end(part);
    else if (result.kind === "failed") await this.#failed(part, result.error);
    else {
      this.#done(part, result.outcome);
      if (result.outcome === "stop") this.#parts.stop();
    }
    this.#pump();
  }

  #call(part: WorkPart<E>, signals: RunSignals): HandlerOutcome | Promise<HandlerOutcome> {
    const { work } = part;
    const handler = this.#handlerOf(work);
    const call = (all: readonly E[]): HandlerOutcome | Promise<HandlerOutcome> =>
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
      this.#scars.heal(work.lane);
      this.#parts.done(work, as);
    }
    this.#end(part);
  }

  /** Its handler is over and is not called again. */
  #end(part: WorkPart<E>): void {
    const { work } = part;
    this.#runs.delete(part);
    this.#scheduler.finished(part);
    const others = [...this.#runs.keys()].some((other) => other.work === work);
    if (!others && (work.gone || work.left === 0)) this.#parts.released(work);
  }

  async #failed(part: WorkPart<E>, error: unknown): Promise<void> {
    const { settings, clock, random } = this.#parts;
    part.attempts += 1;
    part.firstFailedAtMs ??= clock.wallMs();
    this.#scars.note(part);
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
    this.#runs.delete(part);
    this.#scheduler.rest(part, this.#parts.clock.monotonicMs() + delayMs);
    this.#parts.retrying(handlerError(`failed ${part.attempts} times`, error), delayMs);
  }

  #split(part: WorkPart<E>): void {
    const pieces = halves(part.indexes).map((indexes) => partOf(part.work, part.key, indexes, true));
    part.work.left += pieces.length - 1;
    this.#runs.delete(part);
    this.#scheduler.split(part, pieces);
  }

  /** The lane waits until it is known what becomes of the events. */
  async #giveUp(part: WorkPart<E>, error: unknown): Promise<void> {
    const { clock, undertaker, settings, random } = this.#parts;
    let action: Awaited<ReturnType<Undertaker<E>["bury"]>> = "stop";
    const run = new HandlerRun({
      call: async ({ signal }) => {
        const events = await eventsFrom<E>(part.work.batch.raw);
        signal.throwIfAborted();
        action = await undertaker.bury(part, pick(part, events), error, signal);
      },
      clock,
      timeoutMs: undefined,
      stuck: () => undefined,
    });
    this.#runs.set(part, run);
    const result = await run.start();
    if (result.kind === "aborted" || part.work.gone) this.#end(part);
    else if (result.kind === "failed") this.#stopAt(part, ownError("could not be given up on", result.error));
    else if (action === "stop") this.#stopAt(part, handlerError(`failed ${part.attempts} times`, error));
    else if (action === "retry" && this.#draining) this.#abandon(part);
    else if (action === "retry") {
      part.attempts = 0;
      this.#rest(part, error, backoffMs(0, settings.failure.retry, random()));
    } else this.#done(part, undefined);
  }

  #stopAt(part: WorkPart<E>, error: NakadiError): void {
    this.#abandon(part);
    this.#parts.fatal(error);
  }

  /** It is not tried again, and nothing overtakes it. */
  #abandon(part: WorkPart<E>): void {
    this.#runs.delete(part);
    this.#scheduler.rest(part, Infinity);
  }
}
