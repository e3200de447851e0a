/** A run as it should be, made up: a server with two lanes, publishers and consumers, each step chosen by chance. */
import fc from "fast-check";
import { formatOffset, type LaneKey } from "nakadi-protocol";
import {
  type Entry,
  isPoisonous,
  type Line,
  namedWithKey,
  poisonous,
  type VerdictStatus,
} from "../src/history/line.ts";

const LANES: readonly LaneKey[] = ["et:0", "et:1"];
const CONSUMERS = ["consumer 1", "consumer 2"];

interface LaneState {
  log: string[];
  committed: number;
}

interface Batch {
  lane: LaneKey;
  ids: string[];
  last: number;
  handled: boolean;
}

interface Session {
  stream: string;
  /** Each lane that it owns, with the last number sent. */
  sent: Map<LaneKey, number>;
  batches: Batch[];
}

export const steps = fc.array(fc.tuple(fc.nat(6), fc.nat(999)), { minLength: 30, maxLength: 150 });

/** A history without a fault, from chosen steps. */
export function historyOf(chosen: readonly (readonly [number, number])[]): Line[] {
  const run = new RunModel();
  for (const [step, chance] of chosen) run.step(step, chance);
  return run.finish();
}

const at = (number: number): string => formatOffset({ order: 1, number });

class RunModel {
  readonly #lines: Line[] = [];
  readonly #counts = new Map<string, number>();
  readonly #lanes = new Map<LaneKey, LaneState>(LANES.map((lane) => [lane, { log: [], committed: -1 }]));
  readonly #sessions = new Map<string, Session>();
  readonly #letters: string[] = [];
  #last = 0;

  step(step: number, chance: number): void {
    const consumer = CONSUMERS[chance % CONSUMERS.length] ?? "";
    const session = this.#sessions.get(consumer);
    if (step === 0) this.#publish(chance);
    else if (step === 1 && chance % 4 === 0) this.#kill(consumer);
    else if (step <= 2 || !session) this.#open(consumer, chance % 3 === 0);
    else if (step === 3) this.#deliver(consumer, session, 1 + (chance % 4));
    else if (step <= 5) this.#handle(consumer, session, chance % 3 === 0);
    else this.#commit(consumer, session, chance);
  }

  finish(): Line[] {
    this.#publish(0);
    for (const consumer of CONSUMERS) this.#kill(consumer);
    this.#open("consumer 3", false);
    const session = this.#sessions.get("consumer 3");
    while (session && [...this.#lanes.values()].some(({ log, committed }) => committed < log.length - 1)) {
      this.#deliver("consumer 3", session, 3);
      this.#handle("consumer 3", session, false);
      this.#commit("consumer 3", session, 0);
    }
    for (const [lane, { log, committed }] of this.#lanes) {
      const since = this.#lines.length;
      this.#say("judge", { kind: "position", since, lane, offset: at(committed) });
      const half = Math.ceil(log.length / 2);
      for (const [from, to] of [
        [0, half],
        [half, log.length],
      ] as const) {
        const ids = log.slice(from, to);
        if (ids.length > 0) this.#say("judge", { kind: "stored", lane, offset: at(to - 1), ids });
      }
      this.#say("judge", { kind: "stored-up-to", lane, offset: at(log.length - 1) });
    }
    this.#say("judge", { kind: "dead-letters", ids: this.#letters });
    this.#say("judge", { kind: "end" });
    return this.#lines;
  }

  #say(from: string, entry: Entry): void {
    const n = (this.#counts.get(from) ?? 0) + 1;
    this.#counts.set(from, n);
    this.#lines.push({ seq: this.#lines.length + 1, from, n, ...entry });
  }

  #name(what: string): string {
    this.#last += 1;
    return `${what}${this.#last}`;
  }

  #publish(chance: number): void {
    const lane = LANES[Math.floor(chance / 6) % LANES.length] ?? "et:0";
    const name = (): string => namedWithKey(this.#name("e"), lane);
    const ids = [name(), poisonous(name()), name()].slice(0, 1 + (chance % 3));
    const call = this.#name("call");
    const verdicts =
      (["submitted", "submitted", "rejected", "aborted", "unknown", "unknown"] as const)[chance % 6] ?? "submitted";
    const attempt = (number: number, said: VerdictStatus | undefined, stored: boolean): void => {
      this.#say("publisher", { kind: "publishing", call, attempt: number, eventType: "et", ids });
      if (stored) this.#lanes.get(lane)?.log.push(...ids);
      if (said) this.#say("publisher", { kind: "published", call, attempt: number, verdicts: said });
    };
    if (chance % 5 === 0) {
      attempt(1, "unknown", chance % 2 === 0);
      attempt(2, "submitted", true);
    } else {
      attempt(1, verdicts, verdicts === "submitted" || (verdicts === "unknown" && chance % 4 === 0));
    }
  }

  #open(consumer: string, known: boolean): void {
    const before = this.#sessions.get(consumer);
    if (before && known) this.#say(consumer, { kind: "stream-ended", stream: before.stream });
    this.#sessions.delete(consumer);
    const open = this.#name("open");
    this.#say(consumer, { kind: "opening", open });
    const stream = this.#name("stream");
    const taken = new Set([...this.#sessions.values()].flatMap(({ sent }) => [...sent.keys()]));
    const free = LANES.filter((lane) => !taken.has(lane));
    const sent = new Map(free.map((lane) => [lane, this.#lanes.get(lane)?.committed ?? -1]));
    this.#sessions.set(consumer, { stream, sent, batches: [] });
    this.#say(consumer, { kind: "opened", open, stream });
  }

  #kill(consumer: string): void {
    // Killed in the middle of a commit: it may have been taken all the same.
    const session = this.#sessions.get(consumer);
    const batch = session?.batches.findLast(({ handled }) => handled);
    if (session && batch && this.#lines.length % 2 === 0) {
      this.#committing(consumer, session, batch);
      this.#apply(batch);
    }
    this.#sessions.delete(consumer);
    this.#say("judge", { kind: "killed", process: consumer });
  }

  #deliver(consumer: string, session: Session, count: number): void {
    for (const [lane, sent] of session.sent) {
      const ids = this.#lanes.get(lane)?.log.slice(sent + 1, sent + 1 + count) ?? [];
      if (ids.length === 0) continue;
      const last = sent + ids.length;
      session.sent.set(lane, last);
      session.batches.push({ lane, ids, last, handled: false });
      this.#say(consumer, { kind: "delivered", stream: session.stream, lane, offset: at(last), ids });
      if (this.#lines.length % 3 > 0) return;
    }
  }

  #handle(consumer: string, { stream, batches }: Session, fails: boolean): void {
    const batch = batches.find(({ handled }) => !handled);
    if (!batch) return;
    const { lane } = batch;
    const work = this.#name("work");
    if (fails || batch.ids.some(isPoisonous)) {
      this.#say(consumer, { kind: "handling", work, stream, lane, ids: batch.ids });
      this.#say(consumer, { kind: "failed", work });
      if (fails) return;
      for (const id of batch.ids) {
        const alone = this.#name("work");
        this.#say(consumer, { kind: "handling", work: alone, stream, lane, ids: [id] });
        this.#say(consumer, { kind: isPoisonous(id) ? "failed" : "handled", work: alone });
        if (!isPoisonous(id)) continue;
        this.#letters.push(id);
        this.#say(consumer, { kind: "dead-lettered", ids: [id] });
      }
    } else {
      this.#say(consumer, { kind: "handling", work, stream, lane, ids: batch.ids });
      this.#say(consumer, { kind: "handled", work });
    }
    batch.handled = true;
  }

  #commit(consumer: string, session: Session, chance: number): void {
    const open = session.batches.findIndex(({ handled }) => !handled);
    const batch = session.batches.slice(0, open < 0 ? undefined : open).at(-1);
    if (!batch) return;
    const commit = this.#committing(consumer, session, batch);
    const answer = chance % 5;
    const lane = this.#lanes.get(batch.lane);
    if (answer < 2) {
      const result = batch.last > (lane?.committed ?? -1) ? "committed" : "outdated";
      this.#apply(batch);
      this.#say(consumer, { kind: "committed", commit, results: [result] });
    } else {
      if (answer === 2) this.#apply(batch);
      this.#say(consumer, { kind: "not-committed", commit, status: answer === 3 ? 422 : null });
    }
  }

  #committing(consumer: string, { stream }: Session, { lane, last }: Batch): string {
    const commit = this.#name("commit");
    this.#say(consumer, { kind: "committing", commit, stream, cursors: [{ lane, offset: at(last) }] });
    return commit;
  }

  #apply({ lane, last }: Batch): void {
    const state = this.#lanes.get(lane);
    if (state) state.committed = Math.max(state.committed, last);
  }
}
