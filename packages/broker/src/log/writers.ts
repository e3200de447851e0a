/**
 * Who writes to an event type right now. A timeline is switched in steps (`timeline-switch.ts`): from the moment that the
 * event type is marked nobody begins to write to it, and the switch waits until those who had begun are done.
 */
import type { Clock } from "nakadi-protocol";
import type { MetadataPort } from "nakadi-storage";
import { EVENT_TYPE_KIND, type EventTypes } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import { nextHint } from "../next-hint.ts";
import { ProblemError } from "../problems.ts";

const POLL_MS = 250;

export interface WritersParts {
  eventTypes: EventTypes;
  metadata: MetadataPort;
  limits: Pick<Limits, "timelineSwitchMs">;
  clock: Clock;
}

export class Writers {
  readonly #parts: WritersParts;
  readonly #writing = new Map<string, Set<Promise<unknown>>>();

  constructor(parts: WritersParts) {
    this.#parts = parts;
  }

  /**
   * Runs `write` with the event type as it is stored, after a switch of its timeline if there is one. No switch
   * completes before `write` is done.
   * @throws {ProblemError} 503 if a switch takes too long
   */
  async write<T>(name: string, write: (stored: StoredEventType | undefined) => Promise<T>): Promise<T> {
    const deadlineMs = this.#parts.clock.monotonicMs() + this.#parts.limits.timelineSwitchMs;
    for (;;) {
      // Asked before the look: a mark that ends while we look has not held us up for too long.
      const isLate = this.#parts.clock.monotonicMs() >= deadlineMs;
      const written = await this.#tracked(name, async () => {
        const stored = await this.#unmarked(name);
        return stored?.switching ? undefined : { result: await write(stored) };
      });
      if (written) return written.result;
      if (isLate) throw inMaintenance();
      await nextHint(this.#parts.clock, POLL_MS, (hint) => this.#parts.metadata.onWrite(EVENT_TYPE_KIND, name, hint));
    }
  }

  /** Resolves when all who write at this moment are done, however that ends for them. */
  async drained(name: string): Promise<void> {
    const writing = this.#writing.get(name);
    if (writing) await Promise.allSettled(writing);
  }

  /** A switch whose node was lost is called off by the next writer: it can then not be completed any more. */
  async #unmarked(name: string): Promise<StoredEventType | undefined> {
    const { eventTypes, clock } = this.#parts;
    const stored = await eventTypes.find(name);
    if (!stored?.switching || stored.switching.untilMs > clock.wallMs()) return stored;
    const { log } = stored.switching;
    return eventTypes.change(name, ({ switching, ...rest }) => {
      return switching && switching.log !== log ? { ...rest, switching } : rest;
    });
  }

  async #tracked<T>(name: string, work: () => Promise<T>): Promise<T> {
    const all = this.#writing.get(name) ?? new Set();
    const one = work();
    this.#writing.set(name, all.add(one));
    try {
      return await one;
    } finally {
      all.delete(one);
      if (all.size === 0 && this.#writing.get(name) === all) this.#writing.delete(name);
    }
  }
}

export function inMaintenance(): ProblemError {
  return new ProblemError(503, "Event type is currently in maintenance, please repeat request");
}
