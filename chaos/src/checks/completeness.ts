/**
 * Whether every line is there: the numbers have no gaps, nothing has an effect without a cause, and what was begun was ended
 * unless its process was killed.
 * @pure
 */
import type { Line } from "../history/line.ts";
import { entryOf } from "../history/places.ts";
import type { Violation } from "./violation.ts";

export function completeness(history: readonly Line[]): Violation[] {
  return [...gaps(history), ...causes(history)].map(({ seq, what }) => ({ rule: "missing-line", seq, what }));
}

interface Gap {
  seq: number;
  what: string;
}

function gaps(history: readonly Line[]): Gap[] {
  const found: Gap[] = [];
  const counts = new Map<string, number>();
  let last = 0;
  for (const { seq, from, n } of history) {
    if (seq !== last + 1) found.push({ seq, what: `line ${last + 1} is not there` });
    last = seq;
    const expected = (counts.get(from) ?? 0) + 1;
    if (n !== expected) found.push({ seq, what: `line ${expected} of ${from} is not there` });
    counts.set(from, n);
  }
  if (history.at(-1)?.kind !== "end") found.push({ seq: last, what: "the history has no end" });
  return found;
}

/** What is open: begun by one line, to be ended by another. */
class Begun {
  readonly #open = new Map<string, Line>();
  readonly #found: Gap[];

  constructor(found: Gap[]) {
    this.#found = found;
  }

  begin(id: string, line: Line): void {
    if (this.#open.has(id)) this.#found.push({ seq: line.seq, what: `${line.kind} ${id} began twice` });
    this.#open.set(id, line);
  }

  end(id: string, line: Line): void {
    if (!this.#open.delete(id)) this.#found.push({ seq: line.seq, what: `${line.kind} ${id} was never begun` });
  }

  neverEnded(killed: ReadonlySet<string>): void {
    for (const [id, { seq, kind, from }] of this.#open) {
      if (!killed.has(from)) this.#found.push({ seq, what: `${kind} ${id} of ${from} never ended` });
    }
  }
}

function causes(history: readonly Line[]): Gap[] {
  const found: Gap[] = [];
  const calls = new Begun(found);
  const works = new Begun(found);
  const commits = new Begun(found);
  const opens = new Set<string>();
  const streams = new Map<string, { delivered: Map<string, Set<string>>; offsets: Set<string> }>();
  const killed = new Set<string>();
  for (const line of history) {
    const missing = (what: string): void => void found.push({ seq: line.seq, what });
    switch (line.kind) {
      case "publishing":
        calls.begin(`${line.call} attempt ${line.attempt}`, line);
        break;
      case "published":
        calls.end(`${line.call} attempt ${line.attempt}`, line);
        break;
      case "opening":
        opens.add(line.open);
        break;
      case "opened":
        if (!opens.delete(line.open)) missing(`stream ${line.stream} was never asked for`);
        streams.set(line.stream, { delivered: new Map(), offsets: new Set() });
        break;
      case "stream-ended":
        if (!streams.has(line.stream)) missing(`stream ${line.stream} was never opened`);
        break;
      case "delivered": {
        const stream = streams.get(line.stream);
        if (!stream) missing(`stream ${line.stream} was never opened`);
        const ids = stream && entryOf(stream.delivered, line.lane, () => new Set<string>());
        for (const id of line.ids) ids?.add(id);
        stream?.offsets.add(`${line.lane} ${line.offset}`);
        break;
      }
      case "handling": {
        works.begin(line.work, line);
        const ids = streams.get(line.stream)?.delivered.get(line.lane);
        const strange = line.ids.find((id) => !ids?.has(id));
        if (strange !== undefined) missing(`event ${strange} was never delivered on stream ${line.stream}`);
        break;
      }
      case "handled":
      case "failed":
        works.end(line.work, line);
        break;
      case "committing": {
        commits.begin(line.commit, line);
        const offsets = streams.get(line.stream)?.offsets;
        const strange = line.cursors.find(({ lane, offset }) => !offsets?.has(`${lane} ${offset}`));
        if (strange) missing(`${strange.lane} ${strange.offset} was never delivered on stream ${line.stream}`);
        break;
      }
      case "committed":
      case "not-committed":
        commits.end(line.commit, line);
        break;
      case "killed":
      case "died":
        killed.add(line.process);
        break;
      default:
    }
  }
  for (const begun of [calls, works, commits]) begun.neverEnded(killed);
  return found;
}
