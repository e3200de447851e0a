/**
 * An event type that is closed to writers on all nodes, for the time of a timeline's switch. A closing is a metadata
 * record of kind `closing`, its id the name of the event type:
 *
 * - No write begins anywhere once the record is stored: each writer looks for it after it has said that it writes.
 * - Each node acknowledges a closing when all of its writes that had begun are done.
 * - It is complete when each node that lives has acknowledged it. A node whose lease has ended begins nothing more.
 * - It is void when the node that closes has lost its lease; the next writer, or start of a node, removes it then.
 *
 * A closing ends with its record. The write that completes the switch removes the record too, so a switch whose closing was
 * removed by another node cannot complete.
 */
import type { Clock } from "nakadi-protocol";
import type { CoordinationPort, LogId, LogPort, MetadataPort, Versioned, Write } from "nakadi-storage";
import type { Limits } from "../limits.ts";
import type { Snapshot, Snapshots } from "../metadata-snapshot.ts";
import { nextHint } from "../next-hint.ts";
import { ProblemError } from "../problems.ts";

const KIND = "closing";
/** Milliseconds between two polls of a closing that is waited for, since hints may be lost. */
const POLL_MS = 250;

export interface Closing {
  /** The log that is to be written to afterwards: new for each closing, so that it is its name too. */
  log: LogId;
  /** That closes. */
  node: string;
  /** Nodes whose writes are done. */
  acknowledged: readonly string[];
}

export interface ClosingsParts {
  metadata: MetadataPort;
  snapshots: Snapshots;
  coordination: CoordinationPort;
  log: LogPort;
  /** How long it waits for writers (protocol 0.6). */
  limits: Pick<Limits, "timelineSwitchMs">;
  clock: Clock;
}

export class Closings {
  readonly #parts: ClosingsParts;

  constructor(parts: ClosingsParts) {
    this.#parts = parts;
  }

  /** Metadata as of now, and whether the event type is closed in it. A closing that is void is removed first. */
  async look(eventType: string): Promise<{ at: Snapshot; isClosed: boolean }> {
    for (;;) {
      const at = await this.#parts.snapshots.take();
      const closing = (await at.records<Closing>(KIND)).get(eventType)?.value;
      if (!closing) return { at, isClosed: false };
      if ((await this.#parts.coordination.living()).has(closing.node)) return { at, isClosed: true };
      await this.end(eventType, closing.log);
    }
  }

  /** @throws {ProblemError} 409 if another one goes on */
  async begin(eventType: string, node: string, log: LogId): Promise<void> {
    const value: Closing = { log, node, acknowledged: [] };
    for (;;) {
      if ((await this.look(eventType)).isClosed)
        throw new ProblemError(409, `A timeline of ${eventType} is being switched already`);
      const write = { kind: KIND, id: eventType, expect: "absent", value } as const;
      if ((await this.#parts.metadata.write([write])) === "written") return;
    }
  }

  /**
   * Resolves when all writes that had begun before are done, on all nodes.
   * @throws {ProblemError} 503 if that takes too long, or if the closing is void
   */
  async complete(eventType: string, log: LogId): Promise<void> {
    const { metadata, coordination, limits, clock } = this.#parts;
    const deadlineMs = clock.monotonicMs() + limits.timelineSwitchMs;
    // Later ones have begun nothing before.
    const nodes = await coordination.living();
    for (;;) {
      // Asked before the look: what ends while we look has not taken too long.
      const isLate = clock.monotonicMs() >= deadlineMs;
      const living = await coordination.living();
      const { acknowledged } = (await this.#demand(eventType, log)).value;
      if ([...nodes].every((node) => acknowledged.includes(node) || !living.has(node))) return;
      if (isLate) throw inMaintenance();
      await nextHint(clock, POLL_MS, (hint) => metadata.onWrite(KIND, eventType, hint));
    }
  }

  /** What ends the closing in one write with what comes of it. @throws {ProblemError} 503 if the closing is void */
  async ending(eventType: string, log: LogId): Promise<Write> {
    const { version } = await this.#demand(eventType, log);
    return { kind: KIND, id: eventType, expect: version, remove: true };
  }

  /** Ends it so that its switch cannot be completed, and removes the log that the switch may have created. */
  async end(eventType: string, log: LogId): Promise<void> {
    const { metadata } = this.#parts;
    for (;;) {
      const found = await this.#read(eventType);
      if (found?.value.log !== log) return;
      const removal = { kind: KIND, id: eventType, expect: found.version, remove: true } as const;
      if ((await metadata.write([removal])) === "written") break;
    }
    await this.#parts.log.remove(log);
  }

  /** Ends those that are void. */
  async endVoid(): Promise<void> {
    const at = await this.#parts.snapshots.take();
    for (const eventType of (await at.records<Closing>(KIND)).keys()) await this.look(eventType);
  }

  /** Closings that wait for this node, by event type. */
  async unacknowledged(node: string): Promise<[eventType: string, log: LogId][]> {
    const at = await this.#parts.snapshots.take();
    const all = [...(await at.records<Closing>(KIND))];
    return all
      .filter(([, { value }]) => !value.acknowledged.includes(node))
      .map(([eventType, { value }]) => [eventType, value.log]);
  }

  /** Says that all writes of this node are done that had begun when it saw the closing. */
  async acknowledge(eventType: string, log: LogId, node: string): Promise<void> {
    for (;;) {
      const found = await this.#read(eventType);
      if (found?.value.log !== log || found.value.acknowledged.includes(node)) return;
      const value: Closing = { ...found.value, acknowledged: [...found.value.acknowledged, node] };
      const write = { kind: KIND, id: eventType, expect: found.version, value } as const;
      if ((await this.#parts.metadata.write([write])) === "written") return;
    }
  }

  /** Without `eventType`: of any. */
  onChange(hint: () => void, eventType: string | null = null): Disposable {
    return this.#parts.metadata.onWrite(KIND, eventType, hint);
  }

  async #demand(eventType: string, log: LogId): Promise<Versioned<Closing>> {
    const found = await this.#read(eventType);
    if (found?.value.log !== log) throw inMaintenance();
    return found;
  }

  async #read(eventType: string): Promise<Versioned<Closing> | undefined> {
    return this.#parts.metadata.get<Closing>(KIND, eventType);
  }
}

export function inMaintenance(): ProblemError {
  return new ProblemError(503, "Event type is currently in maintenance, please repeat request");
}
