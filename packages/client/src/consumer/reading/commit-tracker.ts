/**
 * What may be committed in one session: in each lane the newest position that has nothing unfinished before it (design 3.3
 * rule 2), and when it should be.
 * @pure
 */
import type { Cursor, LaneKey } from "nakadi-protocol";
import type { CommitRule } from "./commit-strategy.ts";

/** What a handler said of a batch that is done. */
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
  /** How many of the first may be committed: up to the last that is no `hold`. */
  ready: number;
  /** How many of the first are being committed. */
  inFlight: number;
}

/** Done and not yet taken to be committed. */
interface Ready {
  batches: number;
  events: number;
  sinceMs: number;
  urgent: boolean;
}

/** What became of a commit that was taken. */
export interface Settled {
  /** Lanes that were answered `committed` or `outdated`. */
  lanes: readonly LaneKey[];
  /** Whether any position really moved: only that restarts the server's timer (protocol 3.9). */
  advanced: boolean;
}

const ALARM_SHARE = 5 / 6;
const NOTHING: Ready = { batches: 0, events: 0, sinceMs: 0, urgent: false };

export class CommitTracker<C extends Cursor> {
  readonly #rule: CommitRule;
  readonly #commitTimeoutMs: number;
  readonly #lanes = new Map<LaneKey, Lane<C>>();
  #ready: Ready = NOTHING;
  #taken: { ready: Ready; atMs: number } | undefined;
  /** When the server's commit timer started over, as far as we know; nothing while nothing is uncommitted. */
  #timerMs: number | undefined;
  #alarmed = false;

  constructor(rule: CommitRule, commitTimeoutMs: number) {
    this.#rule = rule;
    this.#commitTimeoutMs = commitTimeoutMs;
  }

  /** A commit was taken and is not settled. */
  get inFlight(): boolean {
    return this.#taken !== undefined;
  }

  /** Whether anything could be committed now. */
  get hasReady(): boolean {
    return this.#ready.batches > 0;
  }

  /** What was received and is not committed, lane by lane in order. */
  get uncommitted(): readonly Ticket<C>[] {
    return [...this.#lanes.values()].flatMap(({ tickets }) => tickets);
  }

  /** Whether nothing but a commit is missing. */
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

  /** The batch is done. Nothing happens if its lane was dropped, or if it was done already. */
  done(ticket: Ticket<C>, as: DoneAs, events: number, nowMs: number): void {
    const lane = this.#lanes.get(ticket.lane);
    const index = lane?.tickets.indexOf(ticket, lane.done) ?? -1;
    if (!lane || index < 0 || ticket.state !== "open") return;
    const mine: Mutable<Ticket<C>> = ticket;
    mine.events = events;
    mine.state = as;
    this.#advance(lane, nowMs);
  }

  /** Milliseconds until something should be committed; 0: now; `undefined`: not by the passing of time. */
  dueInMs(nowMs: number): number | undefined {
    const { batches, events, sinceMs, urgent } = this.#ready;
    if (this.#taken || batches === 0) return undefined;
    const rule = this.#rule;
    if (urgent || batches >= (rule.batches ?? Infinity) || events >= (rule.events ?? Infinity)) return 0;
    const waits: number[] = [];
    if (rule.ms !== undefined) waits.push(sinceMs + rule.ms - nowMs);
    if (this.#timerMs !== undefined) {
      if (rule.timerMs !== undefined) waits.push(this.#timerMs + rule.timerMs - nowMs);
      // Whatever the strategy: better committed than lost.
      waits.push(this.#timerMs + this.#alarmAfterMs - nowMs);
    }
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  /** The newest position of each lane that has one; it counts as under way until `settled` or `failed`. */
  take(nowMs: number): C[] {
    if (this.#taken || this.#ready.batches === 0) return [];
    this.#taken = { ready: this.#ready, atMs: nowMs };
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

  /** The server answered what was taken. */
  settled({ lanes, advanced }: Settled, nowMs: number): void {
    if (!this.#taken) return;
    const { atMs } = this.#taken;
    this.#taken = undefined;
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

  /** What was taken was not answered: it is ready again. */
  failed(): void {
    if (!this.#taken) return;
    const { ready } = this.#taken;
    this.#taken = undefined;
    for (const lane of this.#lanes.values()) lane.inFlight = 0;
    this.#ready = { ...this.#ready, sinceMs: ready.sinceMs };
    this.#recount();
  }

  /** The server has taken the lanes away: nothing of them can be committed any more. */
  dropLanes(lanes: Iterable<LaneKey>, nowMs: number): void {
    for (const key of lanes) this.#lanes.delete(key);
    this.#recount();
    this.#restart(undefined, nowMs);
  }

  /** Milliseconds until the commit timeout is near; `undefined` while nothing is uncommitted, and once it was told. */
  alarmInMs(nowMs: number): number | undefined {
    if (this.#timerMs === undefined || this.#alarmed) return undefined;
    return Math.max(0, this.#timerMs + this.#alarmAfterMs - nowMs);
  }

  /** The commit timeout is near, or over: what is lost now is lost because it was not committed in time. */
  isOverdue(nowMs: number): boolean {
    return this.timerAgeMs(nowMs) >= this.#alarmAfterMs && this.#timerMs !== undefined;
  }

  /** Milliseconds since the server's timer started over. */
  timerAgeMs(nowMs: number): number {
    return this.#timerMs === undefined ? 0 : nowMs - this.#timerMs;
  }

  /** The alarm was told; it is not again before the timer starts over. */
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

  /** After lanes have gone: what is ready and not under way. */
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
    // A lane may have been received anew since.
    if (this.#lanes.size > 0) this.#timerMs ??= nowMs;
  }
}
