/**
 * What a consumer does with what comes: a lane's events are handled one batch after the other, nothing of a stream that is
 * known to be over is begun, and a commit covers only what was handled to its end or is safe as a dead letter.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import type { Line } from "../history/line.ts";
import { entryOf, numberOf, spanOf } from "../history/places.ts";
import type { Violation } from "./violation.ts";

/** The events of one lane as one stream delivered them. */
class LaneOfStream {
  /** In the order of delivery. */
  readonly #events: { id: string; number: number }[] = [];
  /** Everything before it is done. */
  #head = 0;
  readonly #numbers = new Map<string, number>();

  deliver(ids: readonly string[], first: number): void {
    for (const [index, id] of ids.entries()) {
      this.#events.push({ id, number: first + index });
      // An event that was sent twice may be there twice: its first place asks least.
      if (!this.#numbers.has(id)) this.#numbers.set(id, first + index);
    }
  }

  numberOf(id: string): number | undefined {
    return this.#numbers.get(id);
  }

  /** The first event, before `number`, that is not done. */
  undoneBefore(number: number, isDone: (id: string) => boolean): string | undefined {
    for (let head = this.#events[this.#head]; head && isDone(head.id); head = this.#events[this.#head]) this.#head += 1;
    for (let index = this.#head; index < this.#events.length; index += 1) {
      const event = this.#events[index];
      if (!event || event.number >= number) return undefined;
      if (!isDone(event.id)) return event.id;
    }
    return undefined;
  }
}

export function handlingOrder(history: readonly Line[]): Violation[] {
  const found: Violation[] = [];
  const lanes = new Map<string, LaneOfStream>();
  const laneOf = (stream: string, lane: LaneKey): LaneOfStream =>
    entryOf(lanes, `${stream} ${lane}`, () => new LaneOfStream());
  const works = new Map<string, readonly string[]>();
  const ended = new Set<string>();
  const done = new Set<string>();
  const isDone = (id: string): boolean => done.has(id);
  for (const line of history) {
    switch (line.kind) {
      case "stream-ended":
        ended.add(line.stream);
        break;
      case "delivered":
        laneOf(line.stream, line.lane).deliver(line.ids, spanOf(line).first);
        break;
      case "handling": {
        const { seq, stream, lane, ids, work } = line;
        works.set(work, ids);
        if (ended.has(stream)) {
          found.push({ rule: "stale-batch", seq, what: `${ids[0]} of stream ${stream}, which had ended, was handled` });
        }
        const first = ids[0] === undefined ? undefined : laneOf(stream, lane).numberOf(ids[0]);
        const undone = first === undefined ? undefined : laneOf(stream, lane).undoneBefore(first, isDone);
        if (undone !== undefined) {
          found.push({ rule: "lane-order", seq, what: `${ids[0]} of ${lane} was handled before ${undone} was done` });
        }
        break;
      }
      case "handled":
        for (const id of works.get(line.work) ?? []) done.add(id);
        break;
      case "dead-lettered":
        for (const id of line.ids) done.add(id);
        break;
      case "committing":
        for (const { lane, offset } of line.cursors) {
          const undone = laneOf(line.stream, lane).undoneBefore(numberOf(offset) + 1, isDone);
          if (undone === undefined) continue;
          const what = `${lane} was committed up to ${numberOf(offset)} before ${undone} was handled`;
          found.push({ rule: "committed-unhandled", seq: line.seq, what });
        }
        break;
      default:
    }
  }
  return found;
}
