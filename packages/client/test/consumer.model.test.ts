/** A consumer as a whole, against a model of a server, in any weather: nothing is lost, nothing is committed that is not done. */
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { type HandlerOutcome, NakadiClient } from "../src/index.ts";
import { type Answer, ScriptedTransport } from "./scripted-transport.ts";

interface Event {
  n: number;
}

const LANES = ["0", "1", "2"];
const LENGTH = 12;

const KEYS = ["0", "1"];
const key = ({ n }: Event): string => String(n % KEYS.length);

type Step =
  | { kind: "deliver"; lane: string; events: number }
  /** What is due happens. */
  | { kind: "time"; ms: number }
  | { kind: "cut"; properly: boolean }
  /** How the next commit is answered. */
  | { kind: "commit"; answer: "taken" | "refused" | "unavailable" | "unanswered" | "one lane refused" }
  /** How the next handler ends, and after how many turns. */
  | { kind: "handler"; ends: "well" | "commit" | "hold" | "badly"; turns: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("deliver" as const),
      lane: fc.constantFrom(...LANES),
      events: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.constantFrom(0, 10, 400, 70_000) }) },
  fc.record({ kind: fc.constant("cut" as const), properly: fc.boolean() }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("commit" as const),
      answer: fc.constantFrom("taken", "refused", "unavailable", "unanswered", "one lane refused"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("handler" as const),
      ends: fc.constantFrom("well", "commit", "hold", "badly"),
      turns: fc.constantFrom(0, 0, 3, 30),
    }),
  },
);

/** The server: what each lane holds, what was committed, and what its open stream has been sent. */
class Model {
  readonly transport = new ScriptedTransport();
  readonly committed = new Map(LANES.map((lane) => [lane, 0]));
  /** Events of each lane that a handler has done, in the order of their first time. */
  readonly done = new Map(LANES.map((lane) => [lane, new Set<number>()]));
  readonly answers: Extract<Step, { kind: "commit" }>["answer"][] = [];
  readonly lost = new Set<string>();
  /** Events that were committed and not done; an error here would be caught by the client. */
  readonly early: string[] = [];
  #sent = new Map<string, number>();

  constructor() {
    this.transport.onOpen = () => {
      this.#sent = new Map(this.committed);
      this.lost.clear();
      return { status: 200 };
    };
    this.transport.onRequest = ({ headers, body }) => {
      const items = (JSON.parse(String(body)) as { items: { partition: string; offset: string }[] }).items;
      return this.#commit(headers["x-nakadi-streamid"] ?? "", items);
    };
  }

  deliver(lane: string, count: number): void {
    const stream = this.transport.streams.at(-1);
    const from = this.#sent.get(lane) ?? 0;
    const events = Array.from({ length: Math.min(count, LENGTH - from) }, (_, index) => ({ n: from + index }));
    if (!stream || stream.closed || events.length === 0 || this.lost.has(lane)) return;
    this.#sent.set(lane, from + events.length);
    stream.batch(from + events.length, events, lane);
  }

  #commit(streamId: string, items: readonly { partition: string; offset: string }[]): Answer {
    const answer = this.answers.shift() ?? "taken";
    if (answer === "unavailable") return { status: 503 };
    // A consumer that has opened another stream has released this one.
    if (answer === "refused" || this.transport.streams.at(-1)?.id !== streamId) return { status: 422 };
    if (answer === "one lane refused" && items[0]) this.lost.add(items[0].partition);
    if (items.some(({ partition }) => this.lost.has(partition))) return { status: 422 };
    for (const { partition, offset } of items) {
      const upTo = Number(offset);
      for (let n = 0; n < upTo; n += 1) if (!this.done.get(partition)?.has(n)) this.early.push(`${partition}:${n}`);
      this.committed.set(partition, Math.max(upTo, this.committed.get(partition) ?? 0));
    }
    return answer === "unanswered" ? new Error("reset") : { status: 204 };
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it("whatever happens: every event is done before it is committed, in order, and in the end all of them are", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom("each" as const, "latestPossible" as const, { every: { batches: 3 } }),
      fc.boolean(),
      async (steps, commit, keyed) => {
        const model = new Model();
        const clock = new ManualClock();
        const { transport } = model;
        const nakadi = new NakadiClient({ baseUrl: "http://x", transport, clock, random: () => 0.5 });
        const endings: Extract<Step, { kind: "handler" }>[] = [];
        let running = 0;
        const consumer = nakadi.consume<Event>(
          "s",
          {
            async onBatch({ events }, { lane: { partition }, signal }): Promise<HandlerOutcome> {
              const { ends, turns } = endings.shift() ?? { ends: "well", turns: 0 };
              running += 1;
              for (let left = turns; left > 0; left -= 1) await turn();
              running -= 1;
              if (signal.aborted || ends === "badly") throw new Error("not this time");
              for (const { n } of events) model.done.get(partition)?.add(n);
              return ends === "well" ? undefined : ends;
            },
          },
          {
            ...(keyed && { key }),
            commit,
            maxUncommittedEvents: 100,
            failure: { retry: { attempts: Infinity, maxDelayMs: 300 } },
          },
        );
        const quiet = async (): Promise<void> => {
          for (let left = 3; left > 0; left -= running > 0 ? 0 : 1) await turn();
        };
        for (const one of steps) {
          if (one.kind === "deliver") model.deliver(one.lane, one.events);
          else if (one.kind === "time") clock.advance(one.ms);
          else if (one.kind === "commit") model.answers.push(one.answer);
          else if (one.kind === "handler") endings.push(one);
          else if (one.properly) transport.streams.at(-1)?.end();
          else transport.streams.at(-1)?.fail();
          await turn();
        }
        // Faults end: the rest is delivered, and what a handler held back is delivered again in another session.
        endings.length = 0;
        model.answers.length = 0;
        const end = (): boolean => [...model.committed.values()].every((at) => at === LENGTH);
        for (let round = 1; round <= 60 && !end(); round += 1) {
          if (round % 10 === 0) transport.streams.at(-1)?.fail();
          await quiet();
          clock.advance(20_000);
          await quiet();
          for (const lane of LANES) model.deliver(lane, 3);
        }
        await quiet();
        expect(model.early).toEqual([]);
        expect([...model.committed]).toEqual(LANES.map((lane) => [lane, LENGTH]));
        for (const done of model.done.values()) {
          for (const one of keyed ? KEYS : [undefined]) {
            const inOrder = [...done].filter((n) => one === undefined || key({ n }) === one);
            expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
          }
        }
        await nakadi.close();
        await consumer.done;
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});
