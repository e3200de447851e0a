/**
 * Drives the handling of batches: the lane scheduler picks the next part, and the failure policy decides what follows a failed
 * attempt.
 */
import type { Clock, LaneKey, Timer } from "nakadi-protocol";
import { type NakadiError, UnreadableEventError } from "../../errors/nakadi-error.ts";
import type { Logger } from "../../observability/logger.ts";
import { backoffMs } from "../../stream/backoff.ts";
import type { DoneAs } from "../reading/commit-tracker.ts";
import { type FailureAction, halves, judge } from "../failures/failure-policy.ts";
import type { HandlerOutcome } from "./handler.ts";
import { callHandler } from "./handler-call.ts";
import { handlerError, ownError } from "../failures/handler-error.ts";
import { HandlerCalls } from "./handler-calls.ts";
import { LaneScheduler } from "./lane-scheduler.ts";
import { nextTurn, turnIsSpent } from "../../stream/loop-budget.ts";
import { type OwnCalls, SelfWaitError } from "../own-calls.ts";
import type { Loss } from "../reading/open-session.ts";
import { Opening } from "./opening.ts";
import type { ConsumerSettings } from "../options.ts";
import { AttemptMemory } from "../failures/attempt-memory.ts";
import type { FailureResolver } from "../failures/failure-resolver.ts";
import {
  beginParts,
  outcomeOf,
  partOf,
  replaceByPieces,
  settlePart,
  unreadableIndex,
  type Work,
  type WorkPart,
} from "./work.ts";

export interface HandlingParts<E> {
  settings: ConsumerSettings<E>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  failureResolver: FailureResolver<E>;
  ownCalls: OwnCalls;
  /** Every part of the batch is done. */
  done: (work: Work<E>, as: DoneAs) => void;
  /** The memory of the batch is free. */
  released: (work: Work<E>) => void;
  retrying: (error: NakadiError, delayMs: number) => void;
  /** A handler returned `stop`. */
  stop: () => void;
  fatal: (error: NakadiError) => void;
}

export class Handling<E> {
  readonly #parts: HandlingParts<E>;
  readonly #scheduler: LaneScheduler<Work<E>, WorkPart<E>>;
  readonly #calls: HandlerCalls<E>;
  readonly #opening: Opening<E>;
  readonly #attempts = new AttemptMemory();
  #timer: Timer | undefined;
  /** `#pump` continues in the next turn of the event loop. */
  #pumpsLater = false;
  #draining = false;
  #whenDrained: (() => void)[] = [];

  constructor(parts: HandlingParts<E>) {
    this.#parts = parts;
    const { concurrency, maxEventsPerSecond, key, commitTimeoutMs } = parts.settings;
    const { clock, ownCalls, fatal } = parts;
    this.#calls = new HandlerCalls({ clock, commitTimeoutMs, ownCalls, stuck: fatal });
    this.#opening = new Opening({
      settings: parts.settings,
      opened: (work, made) => this.#opened(work, made),
      later: () => this.#pump(),
      fatal,
    });
    this.#scheduler = new LaneScheduler({ concurrency, maxEventsPerSecond, keyed: key !== undefined });
  }

  addBatch(work: Work<E>): void {
    this.#scheduler.addBatch(work.lane, work);
    this.#pump();
  }

  /** Drops batches whose session or lane is lost, and aborts their handlers. */
  dropLost({ works, late, reason, overdue }: Loss<E>): void {
    const gone = new Set(works);
    for (const work of gone) work.gone = true;
    this.#scheduler.drop((what) => ("work" in what ? what.work : what).gone);
    this.#calls.abortLost(reason, overdue);
    for (const part of late.flatMap(({ parts }) => parts)) if (overdue && part.late) this.#calls.countAsFailed(part);
    const nowMs = this.#parts.clock.monotonicMs();
    for (const work of [...gone, ...late]) this.#attempts.remember(work, overdue, nowMs);
    for (const work of gone) if (!this.#calls.hasCallOf(work)) this.#parts.released(work);
    this.#pump();
  }

  /** The committed positions of the lanes have advanced. */
  noteCommitted(lanes: Iterable<LaneKey>): void {
    this.#attempts.forgetLanes(lanes);
  }

  pause(lane?: LaneKey): void {
    this.#scheduler.pause(lane);
  }

  resume(lane?: LaneKey): void {
    this.#scheduler.resume(lane);
    this.#pump();
  }

  /** Begins no further batch and aborts `stopping` of handlers. Resolves when every begun batch is done or has failed. */
  drain(): Promise<void> {
    this.#draining = true;
    this.#calls.askToStop();
    this.#scheduler.drain(({ work }) => work.begun);
    return new Promise((resolve) => {
      this.#whenDrained.push(resolve);
      this.#pump();
    });
  }

  /** Aborts every handler that still runs; no outcome counts. */
  abortAll(reason: NakadiError): void {
    this.#timer?.cancel();
    this.#scheduler.pause();
    this.#calls.abortAll(reason);
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
    else if (this.#draining && this.#calls.isEmpty) for (const resolve of this.#whenDrained.splice(0)) resolve();
  }

  #pumpLater(): void {
    if (this.#pumpsLater) return;
    this.#pumpsLater = true;
    void nextTurn().then(() => {
      this.#pumpsLater = false;
      this.#pump();
    });
  }

  #next(): ReturnType<LaneScheduler<Work<E>, WorkPart<E>>["next"]> {
    return this.#scheduler.next(this.#parts.clock.monotonicMs());
  }

  #opened(work: Work<E>, parts: readonly WorkPart<E>[]): void {
    const open = beginParts(work, this.#attempts.recall(work, parts, this.#parts.clock.monotonicMs()));
    this.#scheduler.opened(work.lane, work, open);
    if (open.length > 0) return;
    this.#parts.done(work, outcomeOf(work));
    this.#parts.released(work);
  }

  async #run(part: WorkPart<E>): Promise<void> {
    const { settings, logger } = this.#parts;
    const { work } = part;
    work.begun = true;
    const unreadable = unreadableIndex(part);
    if (unreadable !== undefined) {
      await this.#resolveUnreadable(part, new UnreadableEventError(work.batch.cursor, unreadable));
      this.#pump();
      return;
    }
    if (part.unresolved && !(await this.#resumeFailed(part, part.unresolved.error))) {
      this.#pump();
      return;
    }
    const result = await this.#calls
      .open(
        part,
        (signals) => callHandler(this.#opening.handlerOf(work), part, logger, signals),
        settings.handlerTimeoutMs,
      )
      .start();
    this.#calls.noteReturn(part);
    if (result.kind === "aborted" || work.gone) this.#end(part);
    else if (result.kind === "failed") await this.#failed(part, result.error);
    else {
      this.#done(part, result.outcome);
      if (result.outcome === "stop") this.#parts.stop();
    }
    this.#pump();
  }

  /** Continues behind an attempt of an earlier session. Whether the handler is called now; if not, the part was halved or resolved. */
  async #resumeFailed(part: WorkPart<E>, error: unknown): Promise<boolean> {
    part.unresolved = undefined;
    const verdict = judge(part, this.#parts.settings.failure, 0);
    if (verdict.kind === "retry") this.#parts.retrying(handlerError(`failed ${part.attempts} times`, error), 0);
    else if (this.#draining) this.#abandon(part);
    else if (verdict.kind === "bisect") this.#split(part);
    else await this.#resolve(part, error);
    return verdict.kind === "retry";
  }

  #done(part: WorkPart<E>, outcome: HandlerOutcome): void {
    const { work } = part;
    const as = settlePart(part, outcome, this.#parts.settings.commit.manual);
    if (as !== undefined) {
      // The batch may be redelivered before its commit is accepted.
      if (work.session.ended) this.#attempts.remember(work, true, this.#parts.clock.monotonicMs());
      this.#parts.done(work, as);
    }
    this.#end(part);
  }

  /** The handler of the part is not called again. */
  #end(part: WorkPart<E>): void {
    const { work } = part;
    this.#calls.close(part);
    this.#scheduler.finished(part);
    if (!this.#calls.hasCallOf(work) && (work.gone || work.left === 0)) this.#parts.released(work);
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
    if (verdict.kind === "retry") this.#retryLater(part, error, verdict.delayMs);
    else if (verdict.kind === "bisect") this.#split(part);
    else await this.#resolve(part, error);
  }

  #retryLater(part: WorkPart<E>, error: unknown, delayMs: number): void {
    this.#calls.close(part);
    this.#scheduler.rest(part, this.#parts.clock.monotonicMs() + delayMs);
    this.#parts.retrying(handlerError(`failed ${part.attempts} times`, error), delayMs);
  }

  #split(part: WorkPart<E>): void {
    const pieces = halves(part.indexes).map((indexes) => partOf(part.work, part.key, indexes, true));
    replaceByPieces(part, pieces);
    this.#calls.close(part);
    this.#scheduler.split(part, pieces);
  }

  /** Another attempt would not read the event, so the failure policy decides at once. */
  async #resolveUnreadable(part: WorkPart<E>, error: UnreadableEventError): Promise<void> {
    part.attempts = 1;
    part.firstFailedAtMs ??= this.#parts.clock.wallMs();
    await this.#resolve(part, error);
  }

  /** The last attempt has failed. The lane waits until the failure is resolved: skipped, a dead letter, or a stop. */
  async #resolve(part: WorkPart<E>, error: unknown): Promise<void> {
    const { failureResolver, settings, random } = this.#parts;
    if (part.resolutions >= settings.failure.retry.attempts) {
      this.#stopAt(part, handlerError("has failed, and its failure was not resolved within the commit timeout", error));
      return;
    }
    part.resolutions += 1;
    part.unresolved = { error };
    let action: FailureAction = "stop";
    const call = this.#calls.open(
      part,
      async ({ signal }) => {
        action = await failureResolver.resolveFailure(part, error, signal);
      },
      undefined,
    );
    const result = await call.start();
    if (result.kind === "aborted" || part.work.gone) {
      this.#end(part);
      return;
    }
    part.unresolved = undefined;
    if (result.kind === "failed")
      this.#stopAt(part, ownError("has failed, and its failure could not be resolved", result.error));
    else if (action === "stop" && error instanceof UnreadableEventError) this.#stopAt(part, error);
    else if (action === "stop") this.#stopAt(part, handlerError(`failed ${part.attempts} times`, error));
    else if (action === "retry" && this.#draining) this.#abandon(part);
    else if (action === "retry") {
      part.attempts = 0;
      part.resolutions = 0;
      this.#retryLater(part, error, backoffMs(0, settings.failure.retry, random()));
    } else this.#done(part, undefined);
  }

  #stopAt(part: WorkPart<E>, error: NakadiError): void {
    this.#abandon(part);
    this.#parts.fatal(error);
  }

  /** The part is not handled again, and later parts of its lane and key wait. */
  #abandon(part: WorkPart<E>): void {
    this.#calls.close(part);
    this.#scheduler.rest(part, Infinity);
  }
}
