/**
 * The writes to event types on this node. While an event type is closed (`closings.ts`) no write to it begins; when those that
 * had begun are done, this node acknowledges the closing.
 */
import type { Clock, Timer } from "nakadi-protocol";
import type { LogId } from "nakadi-storage";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import type { Snapshot } from "../metadata-snapshot.ts";
import { nextHint } from "../next-hint.ts";
import type { NodeMembership, Stay } from "../node-membership.ts";
import { type Closings, inMaintenance } from "./closings.ts";

/** Milliseconds between two polls of a write that waits, since hints may be lost. */
const POLL_MS = 250;
/** The same for the closings of other nodes. */
const ACKNOWLEDGE_MS = 500;

export interface WritersParts {
  eventTypes: EventTypes;
  closings: Closings;
  membership: Pick<NodeMembership, "stay" | "isSafe">;
  limits: Pick<Limits, "timelineSwitchMs">;
  clock: Clock;
  /** Called with the failure of an acknowledgement, which is repeated. */
  onError: (error: unknown) => void;
}

/** What a write that has begun goes by. */
export interface BegunWrite {
  /** As it is stored; nothing if there is no such event type. */
  stored: StoredEventType | undefined;
  /** Taken when the write began. */
  at: Snapshot;
  /** The write ends with it: nothing is appended unless it is safe at that instant. */
  stay: Stay;
}

export class Writers implements Disposable {
  readonly #parts: WritersParts;
  readonly #writing = new Map<string, Set<Promise<unknown>>>();
  /** Logs whose closings are about to be acknowledged. */
  readonly #acknowledging = new Set<LogId>();
  readonly #hints: Disposable;
  #poll: Timer | undefined;

  constructor(parts: WritersParts) {
    this.#parts = parts;
    this.#hints = parts.closings.onChange(() => void this.#acknowledgeAll());
    this.#schedulePoll();
  }

  /**
   * Runs `write` with the event type as it is stored, after a switch of its timeline if there is one. No switch
   * completes before `write` is done, unless this node loses its lease.
   * @throws {ProblemError} 503 if a switch takes too long, or if this node holds no lease
   */
  async write<T>(name: string, write: (begun: BegunWrite) => Promise<T>): Promise<T> {
    const { clock, limits, closings, membership, eventTypes } = this.#parts;
    const deadlineMs = clock.monotonicMs() + limits.timelineSwitchMs;
    for (;;) {
      // Asked before the look: a closing that ends while we look has not held us up for too long.
      const isLate = clock.monotonicMs() >= deadlineMs;
      const written = await this.#tracked(name, async () => {
        // In this order: what begins after this node has acknowledged a closing sees it.
        const stay = membership.stay();
        const { at, isClosed } = await closings.look(name);
        if (isClosed) return undefined;
        return { result: await write({ stored: await eventTypes.find(name, at), at, stay }) };
      });
      if (written) return written.result;
      if (isLate) throw inMaintenance();
      await nextHint(clock, POLL_MS, (hint) => closings.onChange(hint, name));
    }
  }

  [Symbol.dispose](): void {
    this.#poll?.cancel();
    this.#hints[Symbol.dispose]();
  }

  #schedulePoll(): void {
    this.#poll = this.#parts.clock.schedule(ACKNOWLEDGE_MS, () => {
      void this.#acknowledgeAll();
      this.#schedulePoll();
    });
  }

  async #acknowledgeAll(): Promise<void> {
    const { membership, closings, onError } = this.#parts;
    if (!membership.isSafe) return;
    try {
      const { name: node } = membership.stay();
      const all = await closings.unacknowledged(node);
      await Promise.all(all.map(([eventType, log]) => this.#acknowledge(eventType, log, node)));
    } catch (error) {
      onError(error);
    }
  }

  async #acknowledge(eventType: string, log: LogId, node: string): Promise<void> {
    if (this.#acknowledging.has(log)) return;
    this.#acknowledging.add(log);
    try {
      const writing = this.#writing.get(eventType);
      if (writing) await Promise.allSettled(writing);
      await this.#parts.closings.acknowledge(eventType, log, node);
    } finally {
      this.#acknowledging.delete(log);
    }
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
