/**
 * Tracks what may be committed in one session and when: in each lane the newest position with nothing unfinished before it (SPEC
 * rule 2).
 * @pure
 */
import type { Cursor, LaneKey } from "nakadi-protocol";
import type { CommitRule } from "./commit-strategy.ts";

/** The outcome of a batch that is done. */
export type DoneAs = "done" | "commit" | "hold";

/** A batch that was received and is not committed. */
export interface Ticket<C extends Cursor> {
  readonly lane: LaneKey;
  readonly cursor: C;
  readonly events: number;
  readonly state: "open" | DoneAs;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Lane<C extends Cursor> {
  /** Not committed, oldest first. */
  tickets: Mutable<Ticket<C>>[];
  /** How many of the first are done. */
  done: number;
  /** How many of the first may be committed: up to the last that is not on `hold`. */
  ready: number;
  /** How many of the first are being committed. */
  inFlight: number;
}

/** Batches that may be committed and are not being committed. */
interface Ready {
  batches: number;
  events: number;
  sinceMs: number;
  urgent: boolean;
}

/** The answer to a commit. */
export interface Settled {
  /** Lanes that were answered `committed` or `outdated`. */
  lanes: readonly LaneKey[];
  /** Whether a position advanced: only that restarts the commit timer of the server (protocol 3.9). */
  advanced: boolean;
}

const ALARM_SHARE = 5 / 6;
const NOTHING: Ready = { batches: 0, events: 0, sinceMs: 0, urgent: false };

export class CommitTracker<C extends Cursor> {
  readonly #rule: CommitRule;
  readonly #commitTimeoutMs: number;
  readonly #lanes = new Map<LaneKey, Lane<C>>();
  #ready: Ready = NOTHING;
  #open: { ready: Ready; atMs: number } | undefined;
  /** When the commit timer of the server last restarted, estimated; `undefined` while nothing is uncommitted. */
  #timerMs: number | undefined;
  #alarmed = false;

  constructor(rule: CommitRule, commitTimeoutMs: number) {
    this.#rule = rule;
    this.#commitTimeoutMs = commitTimeoutMs;
  }

  /** A commit is open: `takeReady` was called, and neither `settled` nor `failed`. */
  get inFlight(): boolean {
    return this.#open !== undefined;
  }

  /** Whether a batch may be committed now. */
  get hasReady(): boolean {
    return this.#ready.batches > 0;
  }

  /** Batches that were received and are not committed, by lane, in order. */
  get uncommitted(): readonly Ticket<C>[] {
    return [...this.#lanes.values()].flatMap(({ tickets }) => tickets);
  }

  /** Whether the batch may be committed. */
  isReady(ticket: Ticket<C>): boolean {
    const lane = this.#lanes.get(ticket.lane);
    return lane !== undefined && lane.tickets.indexOf(ticket) < lane.ready;
  }

  received(lane: LaneKey, cursor: C, nowMs: number): Ticket<C> {
    const ticket: Mutable<Ticket<C>> = { lane, cursor, events: 0, state: "open" };
    const known = this.#lanes.get(lane);
    if (known) known.tickets.push(ticket);
    else this.#lanes.set(lane, { tickets: [ticket], done: 0, ready: 0, inFlight: 0 });
    this.#timerMs ??= nowMs;
    return ticket;
  }

  /** Marks the batch as done. No effect if its lane was dropped or it was done before. */
  done(ticket: Ticket<C>, as: DoneAs, events: number, nowMs: number): void {
    const lane = this.#lanes.get(ticket.lane);
    const index = lane?.tickets.indexOf(ticket, lane.done) ?? -1;
    if (!lane || index < 0 || ticket.state !== "open") return;
    const mine: Mutable<Ticket<C>> = ticket;
    mine.events = events;
    mine.state = as;
    this.#advance(lane, nowMs);
  }

  /** Milliseconds until the next commit is due; 0: now; `undefined`: not due through the passing of time. */
  dueInMs(nowMs: number): number | undefined {
    const { batches, events, sinceMs, urgent } = this.#ready;
    if (this.#open || batches === 0) return undefined;
    const rule = this.#rule;
    if (urgent || batches >= (rule.batches ?? Infinity) || events >= (rule.events ?? Infinity)) return 0;
    const waits: number[] = [];
    if (rule.ms !== undefined) waits.push(sinceMs + rule.ms - nowMs);
    if (this.#timerMs !== undefined) {
      if (rule.timerMs !== undefined) waits.push(this.#timerMs + rule.timerMs - nowMs);
      // Before the commit timeout every strategy commits: otherwise the session is lost.
      waits.push(this.#timerMs + this.#alarmAfterMs - nowMs);
    }
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  /** The newest committable position of each lane. The commit is open until `settled` or `failed`. */
  takeReady(nowMs: number): C[] {
    if (this.#open || this.#ready.batches === 0) return [];
    this.#open = { ready: this.#ready, atMs: nowMs };
    this.#ready = NOTHING;
    const cursors: C[] = [];
    for (const lane of this.#lanes.values()) {
      const newest = lane.tickets[lane.ready - 1];
      if (!newest) continue;
      lane.inFlight = lane.ready;
      cursors.push(newest.cursor);
    }
    return cursors;
  }

  /** The server has answered the open commit. */
  settled({ lanes, advanced }: Settled, nowMs: number): void {
    if (!this.#open) return;
    const { atMs } = this.#open;
    this.#open = undefined;
    for (const key of lanes) {
      const lane = this.#lanes.get(key);
      if (!lane) continue;
      lane.tickets.splice(0, lane.inFlight);
      lane.done -= lane.inFlight;
      lane.ready -= lane.inFlight;
      lane.inFlight = 0;
      if (lane.tickets.length === 0) this.#lanes.delete(key);
    }
    this.#restart(advanced ? atMs : undefined, nowMs);
  }

  /** The open commit has failed: its positions are ready again. */
  failed(): void {
    if (!this.#open) return;
    const { ready } = this.#open;
    this.#open = undefined;
    for (const lane of this.#lanes.values()) lane.inFlight = 0;
    this.#ready = { ...this.#ready, sinceMs: ready.sinceMs };
    this.#recount();
  }

  /** The server has taken the lanes away, so their batches cannot be committed. */
  dropLanes(lanes: Iterable<LaneKey>, nowMs: number): void {
    for (const key of lanes) this.#lanes.delete(key);
    this.#recount();
    this.#restart(undefined, nowMs);
  }

  /** Milliseconds until the commit timeout is near; `undefined` while nothing is uncommitted, and after `alarmed`. */
  alarmInMs(nowMs: number): number | undefined {
    if (this.#timerMs === undefined || this.#alarmed) return undefined;
    return Math.max(0, this.#timerMs + this.#alarmAfterMs - nowMs);
  }

  /** Whether the commit timeout is near or has passed, so that a loss now means a commit that came too late. */
  isOverdue(nowMs: number): boolean {
    return this.timerAgeMs(nowMs) >= this.#alarmAfterMs && this.#timerMs !== undefined;
  }

  /** Milliseconds since the commit timer of the server restarted. */
  timerAgeMs(nowMs: number): number {
    return this.#timerMs === undefined ? 0 : nowMs - this.#timerMs;
  }

  /** The alarm was reported; it is due again only after the timer restarts. */
  alarmed(): void {
    this.#alarmed = true;
  }

  get #alarmAfterMs(): number {
    return Math.floor(this.#commitTimeoutMs * ALARM_SHARE);
  }

  #advance(lane: Lane<C>, nowMs: number): void {
    for (let next = lane.tickets[lane.done]; next && next.state !== "open"; next = lane.tickets[lane.done]) {
      lane.done += 1;
      if (next.state === "hold") continue;
      const gained = lane.tickets.slice(lane.ready, lane.done);
      lane.ready = lane.done;
      const { batches, events, sinceMs, urgent } = this.#ready;
      this.#ready = {
        batches: batches + gained.length,
        events: events + gained.reduce((sum, one) => sum + one.events, 0),
        sinceMs: batches === 0 ? nowMs : sinceMs,
        urgent: urgent || next.state === "commit",
      };
    }
  }

  /** Computes `#ready` anew after lanes were dropped. */
  #recount(): void {
    const ready = [...this.#lanes.values()].flatMap((lane) => lane.tickets.slice(lane.inFlight, lane.ready));
    this.#ready = {
      batches: ready.length,
      events: ready.reduce((sum, { events }) => sum + events, 0),
      sinceMs: this.#ready.sinceMs,
      urgent: ready.some(({ state }) => state === "commit"),
    };
  }

  #restart(advancedAtMs: number | undefined, nowMs: number): void {
    if (this.#lanes.size === 0) this.#timerMs = undefined;
    else if (advancedAtMs !== undefined) this.#timerMs = advancedAtMs;
    else return;
    this.#alarmed = false;
    // A batch of a dropped lane may have been received since.
    if (this.#lanes.size > 0) this.#timerMs ??= nowMs;
  }
}
