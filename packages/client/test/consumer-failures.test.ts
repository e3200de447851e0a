/** What becomes of events that a handler cannot handle. */
import { describe, expect, it } from "vitest";
import { type DeadLetter, type Handler, type HandlerBatch, NakadiError, TimeoutError } from "../src/index.ts";
import { Held, type Numbered, numbers, QUICK, testConsumer } from "./test-consumer.ts";

/** Fails on some numbers, and notes what it has handled. */
class Picky implements Handler<Numbered> {
  readonly done: number[] = [];
  readonly #poison: readonly number[];

  constructor(...poison: number[]) {
    this.#poison = poison;
  }

  onBatch({ events }: HandlerBatch<Numbered>): void {
    const bad = events.find(({ n }) => this.#poison.includes(n));
    if (bad) throw new Error(`cannot handle ${bad.n}`);
    this.done.push(...events.map(({ n }) => n));
  }
}

describe("a handler that goes on failing", () => {
  it("GO6, NN6: poison event without hot loop: waits grow, the stream is not opened again, and the consumer stops with the error", async () => {
    const cause = new Error("poison");
    const seen: number[] = [];
    const test = testConsumer({
      onEvent({ n }) {
        seen.push(n);
        throw cause;
      },
    });
    const failed = test.consumer.done.catch((error: unknown) => error);
    const server = await test.open();
    server.batch(1);
    server.batch(2);
    await test.pass(199);
    expect(seen).toEqual([1]);
    await test.pass(1);
    expect(seen).toEqual([1, 1]);
    await test.pass(16_000, 100);
    expect(await failed).toMatchObject({ code: "HANDLER", cause });
    expect(test.retries.slice(0, 4).map(({ delayMs }) => delayMs)).toEqual([200, 300, 450, 675]);
    expect(seen).toEqual(Array.from({ length: 10 }, () => 1));
    expect([test.consumer.state, test.committed(), test.transport.opened.length, server.closed]).toEqual([
      "failed",
      [],
      1,
      true,
    ]);
  });

  it("with skip is halved to the one event; its neighbours are handled once, in order, and the batch is committed", async () => {
    const handler = new Picky(5);
    const test = testConsumer(handler, { failure: { retry: QUICK, onExhausted: "skip" } });
    const server = await test.open();
    server.batch(9, numbers(10));
    await test.pass(1_000, 10);
    expect([handler.done, test.committed()]).toEqual([[0, 1, 2, 3, 4, 6, 7, 8, 9], [["0:9"]]]);
    expect(await test.consumer.stop()).toMatchObject({ batches: 1, events: 10, skipped: 1 });
  });

  it("with dead-letter sends the event, its place, error, tries and times to the sink before anything is committed", async () => {
    const handler = new Picky(1);
    const letters: DeadLetter<Numbered>[] = [];
    const committedThen: unknown[] = [];
    const test = testConsumer(handler, {
      failure: {
        retry: QUICK,
        onExhausted: "dead-letter",
        deadLetter: async (letter) => {
          committedThen.push(test.committed());
          letters.push(letter);
        },
      },
    });
    const server = await test.open();
    server.batch(3, numbers(3));
    await test.pass(1_000, 10);
    expect(letters).toEqual([
      {
        subscription_id: "s",
        event_type: "e",
        partition: "0",
        offset: "000000000000000003",
        error: { name: "Error", message: "cannot handle 1" },
        event: { n: 1 },
        attempts: 2,
        first_failed_at: "2026-01-01T00:00:00.010Z",
        failed_at: "2026-01-01T00:00:00.020Z",
      },
    ]);
    expect([handler.done, committedThen, test.committed()]).toEqual([[0, 2], [[]], [["0:3"]]]);
  });

  it("a sink that fails is a failure, never done: it is tried again, and in the end the consumer stops", async () => {
    let calls = 0;
    const test = testConsumer(new Picky(1), {
      failure: {
        retry: QUICK,
        onExhausted: "dead-letter",
        deadLetter: () => {
          calls += 1;
          throw new Error("disk full");
        },
      },
    });
    const failed = test.consumer.done.catch((error: unknown) => error);
    const server = await test.open();
    server.batch(1);
    server.batch(2);
    await test.pass(1_000, 10);
    expect(await failed).toMatchObject({ code: "HANDLER", message: expect.stringContaining("sink failed 2 times") });
    expect([calls, test.committed(), test.consumer.state]).toEqual([2, [], "failed"]);
  });

  it("a sink that hangs has failed after half a minute", async () => {
    const aborted: boolean[] = [];
    const test = testConsumer(new Picky(1), {
      failure: {
        retry: { ...QUICK, attempts: 1 },
        onExhausted: "dead-letter",
        deadLetter: (_letter, { signal }) => {
          signal.addEventListener("abort", () => aborted.push(true));
          return new Promise(() => undefined);
        },
      },
    });
    const failed = test.consumer.done.catch((error: unknown) => error);
    (await test.open()).batch(1);
    await test.pass(30_000);
    expect(await failed).toMatchObject({ code: "HANDLER", cause: expect.any(TimeoutError) });
    expect([aborted, test.committed()]).toEqual([[true], []]);
  });

  it("a function decides by error and event, also to start over, and what it throws stops the consumer", async () => {
    const decided: unknown[] = [];
    const test = testConsumer(new Picky(1, 2, 3), {
      failure: {
        retry: { ...QUICK, attempts: 1 },
        onExhausted: ({ event, error, attempts }) => {
          decided.push([event?.n, (error as Error).message, attempts]);
          if (event?.n === 1) return decided.length === 1 ? "retry" : "skip";
          if (event?.n === 2) return "skip";
          throw new Error("undecided");
        },
      },
    });
    const failed = test.consumer.done.catch((error: unknown) => error);
    const server = await test.open();
    for (const n of [1, 2, 3]) server.batch(n);
    await test.pass(100, 10);
    expect(await failed).toMatchObject({ code: "HANDLER", cause: { message: "undecided" } });
    expect(decided).toEqual([
      [1, "cannot handle 1", 1],
      [1, "cannot handle 1", 1],
      [2, "cannot handle 2", 1],
      [3, "cannot handle 3", 1],
    ]);
    expect(test.committed()).toEqual([["0:1"], ["0:2"]]);
  });

  it("goes on counting its tries when the batch is delivered again in another session", async () => {
    const attempts: number[] = [];
    const test = testConsumer(
      {
        onBatch: (_batch, { attempt }) => {
          attempts.push(attempt);
          throw new Error("poison");
        },
      },
      { failure: { retry: { ...QUICK, attempts: 3 }, onExhausted: "skip" } },
    );
    const first = await test.open();
    first.batch(1);
    await test.pass(10);
    first.fail();
    await test.pass(100, 10);
    (await test.open()).batch(1);
    await test.pass(100, 10);
    expect([attempts, test.committed()]).toEqual([[1, 2, 3], [["0:1"]]]);
  });

  it("stops in the middle of a batch: no event of the lane behind it is handed over, those of other lanes come to an end", async () => {
    const held = new Held();
    const seen: number[] = [];
    const test = testConsumer(
      (lane) =>
        lane.partition === "1"
          ? { onBatch: held.onBatch }
          : {
              onEvent({ n }) {
                seen.push(n);
                if (n === 1) throw new Error("poison");
              },
            },
      { failure: { retry: { ...QUICK, attempts: 1 } } },
    );
    const failed = test.consumer.done.catch((error: unknown) => error);
    const server = await test.open();
    server.batch(5, [{ n: 5 }], "1");
    server.batch(2, numbers(3), "0");
    server.batch(3, [{ n: 3 }], "0");
    await test.settle();
    expect([seen, test.consumer.state]).toEqual([[0, 1], "draining"]);
    held.call(0).end();
    expect(await failed).toBeInstanceOf(NakadiError);
    expect([seen, test.committed()]).toEqual([[0, 1], [["1:5"]]]);
  });
});
