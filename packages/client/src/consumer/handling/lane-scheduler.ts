/**
 * Decides which part of which batch is handled next: lanes in parallel, each in order; with keys, the keys of a lane in parallel and
 * each key in order (SPEC rule 3).
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import { RateLimit } from "./rate-limit.ts";

/** What is handled in one call: some events of a batch, in order behind everything of the same lane and key. */
export interface Part {
  readonly lane: LaneKey;
  readonly key: string;
  /** Events in it. */
  readonly size: number;
}

export type Turn<B, P> =
  /** The batch has to be cut into parts: answer with `opened`. */
  | { kind: "open"; batch: B }
  /** The part has to be handled: answer with `finished`, `rest` or `split`. */
  | { kind: "run"; part: P };

export interface SchedulerLimits {
  /** Parts that are handled at a time. */
  concurrency: number;
  maxEventsPerSecond: number | undefined;
  /** Whether later batches of a lane are opened while parts of earlier ones are not done. */
  keyed: boolean;
}

/** The parts of one lane and key: at most one of them runs. */
interface Strand<P> {
  readonly lane: Lane<unknown, P>;
  readonly key: string;
  parts: P[];
  running: P | undefined;
  /** The first part must not run before. */
  restUntilMs: number;
}

interface Lane<B, P> {
  readonly key: LaneKey;
  waiting: B[];
  opening: B | undefined;
  readonly strands: Map<string, Strand<P>>;
}

type Candidate<B, P> = { lane: Lane<B, P>; strand?: Strand<P> };

export class LaneScheduler<B, P extends Part> {
  readonly #limits: SchedulerLimits;
  readonly #rate: RateLimit | undefined;
  readonly #lanes = new Map<LaneKey, Lane<B, P>>();
  readonly #paused = new Set<LaneKey>();
  #allPaused = false;
  /** Candidates for a turn, in order of arrival; each is checked when its turn comes. */
  #candidates: Candidate<B, P>[] = [];
  /** Lanes with keys whose next batch is opened only when no part can run. */
  readonly #ahead = new Set<Lane<B, P>>();
  readonly #resting = new Set<Strand<P>>();
  #running = 0;
  /** Set while draining: what may still begin. */
  #mayBegin: ((part: P) => boolean) | undefined;

  constructor(limits: SchedulerLimits) {
    this.#limits = limits;
    const { maxEventsPerSecond } = limits;
    this.#rate = maxEventsPerSecond === undefined ? undefined : new RateLimit(maxEventsPerSecond);
  }

  /** Parts that are being handled. */
  get running(): number {
    return this.#running;
  }

  addBatch(key: LaneKey, batch: B): void {
    const lane: Lane<B, P> = this.#lanes.get(key) ?? { key, waiting: [], opening: undefined, strands: new Map() };
    this.#lanes.set(key, lane);
    lane.waiting.push(batch);
    if (lane.waiting.length === 1) this.#candidates.push({ lane });
  }

  /** The next turn; `undefined` if no part may run before `wakeInMs`. */
  next(nowMs: number): Turn<B, P> | undefined {
    if (this.#allPaused || this.#running >= this.#limits.concurrency || (this.#rate?.waitMs(nowMs) ?? 0) > 0) {
      return undefined;
    }
    if (!this.#mayBegin) this.#wakeRested(nowMs);
    for (let left = this.#candidates.length; left > 0; left -= 1) {
      const candidate = this.#candidates.shift();
      if (!candidate) break;
      const turn = this.#turnOf(candidate, nowMs);
      if (turn) return turn;
    }
    return this.#openAhead();
  }

  /** Milliseconds until `next` may return a turn through the passing of time; `undefined`: never. */
  wakeInMs(nowMs: number): number | undefined {
    if (this.#allPaused || this.#running >= this.#limits.concurrency) return undefined;
    const limited = this.#rate?.waitMs(nowMs) ?? 0;
    if (this.#mayBegin) return limited > 0 && this.#someMayBegin() ? limited : undefined;
    const waits = [...this.#resting]
      .filter(({ lane, running }) => running === undefined && !this.#paused.has(lane.key))
      .map(({ restUntilMs }) => restUntilMs - nowMs);
    if (limited > 0) waits.push(limited);
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  /** Adds the parts of an opened batch, in order. No effect if the batch was dropped during its opening. */
  opened(key: LaneKey, batch: B, parts: readonly P[]): void {
    const lane = this.#lanes.get(key);
    if (lane?.opening !== batch) return;
    lane.opening = undefined;
    const strands = new Set<Strand<P>>();
    for (const part of parts) {
      const strand = this.#strandOf(lane, part.key);
      strand.parts.push(part);
      strands.add(strand);
    }
    for (const strand of strands) this.#offer(strand);
    this.#offerOpening(lane);
    this.#forgetIdle(lane);
  }

  /** The part has ended, with any outcome. */
  finished(part: P): void {
    const strand = this.#stopRunning(part);
    if (strand.parts[0] === part) strand.parts.shift();
    this.#continue(strand);
  }

  /** The part is handled again from `untilMs` on; later parts of its lane and key wait. */
  rest(part: P, untilMs: number): void {
    const strand = this.#stopRunning(part);
    if (strand.parts[0] === part) {
      strand.restUntilMs = untilMs;
      this.#resting.add(strand);
    } else {
      this.#continue(strand);
    }
  }

  /** The part is replaced by others, in its place. */
  split(part: P, parts: readonly P[]): void {
    const strand = this.#stopRunning(part);
    if (strand.parts[0] === part) strand.parts.splice(0, 1, ...parts);
    this.#continue(strand);
  }

  /**
   * Drops batches and parts. A running part keeps its lane and key until `finished`, so no other part of them runs
   * concurrently.
   */
  drop(isGone: (what: B | P) => boolean): void {
    for (const lane of this.#lanes.values()) {
      lane.waiting = lane.waiting.filter((batch) => !isGone(batch));
      if (lane.opening !== undefined && isGone(lane.opening)) lane.opening = undefined;
      for (const strand of lane.strands.values()) {
        const first = strand.parts[0];
        strand.parts = strand.parts.filter((part) => !isGone(part));
        if (first !== strand.parts[0]) this.#wake(strand);
        this.#continue(strand);
      }
      this.#offerOpening(lane);
      this.#forgetIdle(lane);
    }
  }

  /** Begins nothing in the lane, or in any lane, until it is resumed. Running parts continue. */
  pause(key?: LaneKey): void {
    if (key === undefined) this.#allPaused = true;
    else this.#paused.add(key);
  }

  /** Undoes a pause of the lane; without one, each pause. */
  resume(key?: LaneKey): void {
    const lanes = key === undefined ? [...this.#paused] : [key];
    if (key === undefined) this.#allPaused = false;
    for (const one of lanes) {
      this.#paused.delete(one);
      const lane = this.#lanes.get(one);
      if (!lane) continue;
      for (const strand of lane.strands.values()) this.#offer(strand);
      this.#offerOpening(lane);
    }
  }

  /** Only parts that `mayBegin` accepts begin from now on, and no part that waits for another attempt. */
  drain(mayBegin: (part: P) => boolean): void {
    this.#mayBegin = mayBegin;
    this.#resting.clear();
  }

  #turnOf({ lane, strand }: Candidate<B, P>, nowMs: number): Turn<B, P> | undefined {
    if (this.#paused.has(lane.key)) return undefined;
    if (strand) return this.#runOf(strand, nowMs);
    if (lane.strands.size === 0) return this.#openingOf(lane);
    this.#ahead.add(lane);
    return undefined;
  }

  #openAhead(): Turn<B, P> | undefined {
    for (const lane of this.#ahead) {
      this.#ahead.delete(lane);
      const turn = this.#paused.has(lane.key) ? undefined : this.#openingOf(lane);
      if (turn) return turn;
    }
    return undefined;
  }

  #runOf(strand: Strand<P>, nowMs: number): Turn<B, P> | undefined {
    const [part] = strand.parts;
    if (!part || !this.#mayRun(strand, part)) return undefined;
    strand.running = part;
    this.#running += 1;
    this.#rate?.spend(part.size, nowMs);
    return { kind: "run", part };
  }

  #mayRun(strand: Strand<P>, first: P): boolean {
    if (strand.running || this.#resting.has(strand)) return false;
    return !this.#mayBegin || (strand.restUntilMs === 0 && this.#mayBegin(first));
  }

  #someMayBegin(): boolean {
    return [...this.#lanes.values()].some(
      ({ key, strands }) =>
        !this.#paused.has(key) && [...strands.values()].some((one) => one.parts[0] && this.#mayRun(one, one.parts[0])),
    );
  }

  #openingOf(lane: Lane<B, P>): Turn<B, P> | undefined {
    if (this.#mayBegin || !this.#mayOpen(lane)) return undefined;
    const batch = lane.waiting.shift();
    if (batch === undefined) return undefined;
    lane.opening = batch;
    return { kind: "open", batch };
  }

  #mayOpen({ waiting, opening, strands }: Lane<B, P>): boolean {
    return waiting.length > 0 && opening === undefined && (this.#limits.keyed || strands.size === 0);
  }

  #wakeRested(nowMs: number): void {
    for (const strand of this.#resting) {
      if (strand.restUntilMs > nowMs || this.#paused.has(strand.lane.key)) continue;
      this.#wake(strand);
      this.#offer(strand);
    }
  }

  #wake(strand: Strand<P>): void {
    this.#resting.delete(strand);
    strand.restUntilMs = 0;
  }

  #stopRunning(part: P): Strand<P> {
    const strand = this.#lanes.get(part.lane)?.strands.get(part.key);
    if (strand?.running !== part) throw new Error("a part has ended that was not running");
    strand.running = undefined;
    this.#running -= 1;
    this.#wake(strand);
    return strand;
  }

  #continue(strand: Strand<P>): void {
    const lane = strand.lane as Lane<B, P>;
    if (strand.parts.length > 0) {
      this.#offer(strand);
    } else if (!strand.running) {
      lane.strands.delete(strand.key);
      this.#offerOpening(lane);
      this.#forgetIdle(lane);
    }
  }

  #offer(strand: Strand<P>): void {
    if (strand.parts.length > 0 && !strand.running && !this.#resting.has(strand)) {
      this.#candidates.push({ lane: strand.lane as Lane<B, P>, strand });
    }
  }

  #offerOpening(lane: Lane<B, P>): void {
    if (this.#mayOpen(lane)) this.#candidates.push({ lane });
  }

  #strandOf(lane: Lane<B, P>, key: string): Strand<P> {
    const strand: Strand<P> = lane.strands.get(key) ?? { lane, key, parts: [], running: undefined, restUntilMs: 0 };
    lane.strands.set(key, strand);
    return strand;
  }

  #forgetIdle(lane: Lane<B, P>): void {
    if (lane.waiting.length === 0 && lane.opening === undefined && lane.strands.size === 0)
      this.#lanes.delete(lane.key);
  }
}
