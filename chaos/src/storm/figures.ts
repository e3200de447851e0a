/**
 * What a run was worth: how much was hit by which fault, how much came again.
 * @pure
 */
import type { Entry, Line } from "../history/line.ts";
import { spanOf } from "../history/places.ts";
import { calls } from "../checks/storage.ts";
import { FAULT_KINDS, type FaultKind } from "./schedule.ts";
import type { Hits } from "./strike.ts";

export interface RunFigures {
  hits: ReadonlyMap<FaultKind, Hits & { times: number }>;
  /** Number of events by result. */
  verdicts: Readonly<Record<string, number>>;
  delivered: number;
  /** Deliveries of events that had been delivered before. */
  redelivered: number;
  streams: number;
  deadLetters: number;
  lines: number;
}

export class Figures {
  readonly hits: Map<FaultKind, Hits & { times: number }> = new Map();
  readonly #calls = new Map<string, number>();

  struck(kind: FaultKind, { streams, requests }: Hits): void {
    const before = this.hits.get(kind) ?? { streams: 0, requests: 0, times: 0 };
    this.hits.set(kind, {
      streams: before.streams + streams,
      requests: before.requests + requests,
      times: before.times + 1,
    });
  }

  /** How many events the line says are acknowledged. */
  take(entry: Entry): number {
    if (entry.kind === "publishing") this.#calls.set(entry.call, entry.ids.length);
    if (entry.kind !== "published") return 0;
    const count = this.#calls.get(entry.call) ?? 0;
    this.#calls.delete(entry.call);
    if (typeof entry.verdicts === "string") return entry.verdicts === "submitted" ? count : 0;
    return entry.verdicts.filter((verdict) => verdict === "submitted").length;
  }

  of(history: readonly Line[]): RunFigures {
    const verdicts: Record<string, number> = {};
    for (const { statuses, ids } of calls(history)) {
      for (const status of statuses ?? ids.map(() => "unanswered")) verdicts[status] = (verdicts[status] ?? 0) + 1;
    }
    const highest = new Map<string, number>();
    let [delivered, redelivered, streams, deadLetters] = [0, 0, 0, 0];
    for (const line of history) {
      if (line.kind === "opened") streams += 1;
      if (line.kind === "dead-letters") deadLetters += new Set(line.ids).size;
      if (line.kind !== "delivered") continue;
      const { first, last } = spanOf(line);
      const known = highest.get(line.lane) ?? -1;
      delivered += line.ids.length;
      redelivered += Math.max(0, Math.min(last, known) - first + 1);
      highest.set(line.lane, Math.max(known, last));
    }
    return { hits: this.hits, verdicts, delivered, redelivered, streams, deadLetters, lines: history.length };
  }
}

/** Open streams, and requests under way, that each kind of fault must have hit at least. */
const ENOUGH = 5;

/** The kinds that have not hit enough. */
export function lacking(hits: RunFigures["hits"]): FaultKind[] {
  return FAULT_KINDS.filter((kind) => {
    const { streams, requests } = hits.get(kind) ?? { streams: 0, requests: 0 };
    return streams < ENOUGH || requests < ENOUGH;
  });
}

/** Why a run proves nothing, a sentence each. */
export function doubtsOf({ hits, redelivered }: RunFigures): string[] {
  const misses = lacking(hits).map((kind) => {
    const { streams, requests } = hits.get(kind) ?? { streams: 0, requests: 0 };
    return `${kind} hit ${streams} open streams and ${requests} requests only`;
  });
  return [...misses, ...(redelivered === 0 ? ["no event was delivered twice"] : [])];
}
