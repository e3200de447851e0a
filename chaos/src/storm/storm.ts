/**
 * The faults of a run, one after the other: each waits for its events, and then for clients that it hits. After all of
 * them, the kinds that have hit too few strike all clients again, so that a slow machine makes a run longer, never invalid.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Recorder } from "../history/recorder.ts";
import type { Random } from "../random.ts";
import { holdsIn, until } from "../waiting.ts";
import { type Figures, lacking } from "./figures.ts";
import type { Pace } from "./pace.ts";
import { type Cast, type Order, orderOf } from "./schedule.ts";
import { JUDGE, type Stage } from "./stage.ts";
import { aimOf, type Hits, strike } from "./strike.ts";

export interface StormParts {
  stage: Stage;
  pace: Pace;
  figures: Figures;
  recorder: Recorder;
  progress: () => void;
}

const EVENTS_MS = 120_000;
/** A fault whose kind has not hit enough waits so long for all its victims to be at work; each one so long for any of them. */
const ALL_MS = 10_000;
const ANY_MS = 60_000;
/** Limit of the faults of each kind beyond those ordered; each hits a client, so fewer are needed. */
const MORE = 10;

export class Storm {
  readonly #parts: StormParts;
  readonly #healing: Promise<void>[] = [];

  constructor(parts: StormParts) {
    this.#parts = parts;
  }

  /** @throws {Error} if the publishers come to a stop */
  async rage(orders: readonly Order[]): Promise<void> {
    for (const order of orders) {
      await this.#eventsCome();
      await this.#strike(order);
    }
    await this.#eventsCome();
  }

  /** Strikes on until each kind has hit enough. */
  async goOn(random: Random, cast: Cast): Promise<void> {
    for (let round = 0; round < MORE; round += 1) {
      const kinds = lacking(this.#parts.figures.hits);
      if (kinds.length === 0) return;
      for (const kind of kinds) await this.#strike(orderOf(random, kind, cast));
    }
  }

  /** Resolves when everything is whole again. */
  async calm(): Promise<void> {
    await Promise.all(this.#healing);
  }

  #eventsCome(): Promise<void> {
    const { pace, stage } = this.#parts;
    return until("the events for the next fault", EVENTS_MS, () => pace.isNextDue || stage.isBroken);
  }

  async #strike(order: Order): Promise<void> {
    const { stage, pace, figures, recorder, progress } = this.#parts;
    if (stage.isBroken) return;
    await sleep(order.gapMs);
    await stage.broker.up;
    await this.#aim(order);
    const { hits, heal } = await strike(stage, order);
    recorder.record(JUDGE, { kind: "fault", fault: order.kind, ...hits });
    figures.struck(order.kind, hits);
    pace.strike();
    progress();
    if (heal) this.#healing.push(sleep(order.lastsMs).then(heal));
  }

  /** Publishers are let go only when there are streams to hit: a run is not to drown in events while consumers come back. */
  async #aim(order: Order): Promise<void> {
    const { pace } = this.#parts;
    await this.#hasIn("streams", order);
    pace.aim();
    await this.#hasIn("requests", order);
  }

  async #hasIn(what: keyof Hits, order: Order): Promise<void> {
    const { stage } = this.#parts;
    const has = (least: (full: number) => number) => (): boolean => {
      const { now, full } = aimOf(stage, order);
      return stage.isBroken || now[what] >= least(full[what]);
    };
    const all = has((full) => full);
    const any = has(() => 1);
    if (!(await holdsIn(ALL_MS, all))) await holdsIn(ANY_MS, any);
  }
}
