/**
 * What the suite is given: an engine to open, and how each test gets two nodes of it.
 */
import type { Clock, ManualClock } from "nakadi-protocol";
import type { Storage } from "../ports.ts";
import { oddHints } from "./odd-hints.ts";

export interface OpenEngine {
  /** A node whose leases are renewed by `nodeClock`, or else by `clock`: with a clock that stands still it is frozen. */
  node(name: string, nodeClock?: Clock): Storage;
  /** The engine's own. */
  readonly clock: ManualClock;
  close(): Promise<void>;
}

export interface Subject {
  /** The engine's name, for the report. */
  name: string;
  /** Each time a new engine without any data. */
  open(): Promise<OpenEngine>;
}

interface TwoNodes {
  a: Storage;
  b: Storage;
  engine: OpenEngine;
  clock: ManualClock;
}

/** Makes the function of an `it` out of a test that needs two nodes of a new engine. */
export type WithTwoNodes = (test: (nodes: TwoNodes) => Promise<void>) => () => Promise<void>;

export function withTwoNodes(subject: Subject): WithTwoNodes {
  return (test) => async () => {
    const engine = await subject.open();
    const a = engine.node("a");
    const b = engine.node("b");
    try {
      await test({ a, b, engine, clock: engine.clock });
    } finally {
      await a.close();
      await b.close();
      await engine.close();
    }
  };
}

/** The same engine, with the hints of each node dropped, doubled and late. */
export function withOddHints(subject: Subject): Subject {
  let seed = 1;
  return {
    name: `${subject.name} with odd hints`,
    async open() {
      const engine = await subject.open();
      return {
        node: (name, nodeClock) => oddHints(engine.node(name, nodeClock), { seed: seed++, clock: engine.clock }),
        clock: engine.clock,
        close: () => engine.close(),
      };
    },
  };
}

/** Waits until `condition` holds, while the engine's clock moves on by one second altogether at most. */
export async function eventually(clock: ManualClock, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 5_000; round++) {
    if (await condition()) return;
    if (round < 100) clock.advance(10);
    await new Promise((resolve) => void setTimeout(resolve, round < 100 ? 0 : 1));
  }
  throw new Error("What the test waits for does not come.");
}

export const NEVER: AbortSignal = new AbortController().signal;
