/**
 * What the suite is given: an engine to open, and how each test gets two nodes of it.
 */
import { ManualClock } from "nakadi-protocol";
import type { Clock } from "nakadi-protocol";
import type { TestContext } from "vitest";
import type { Storage } from "../ports.ts";
import { oddHints } from "./odd-hints.ts";

export interface OpenEngine {
  /** A node whose leases are renewed by `nodeClock`, or else by `clock`: with a clock that stands still it is frozen. */
  node(name: string, nodeClock?: Clock): Storage;
  /** The engine's own. Tests for which hours have to pass need a `ManualClock`, and are skipped with any other. */
  readonly clock: Clock;
  /** Compacts at once. Left out by an engine that compacts only when it likes to: tests of compaction are skipped. */
  readonly compact?: () => Promise<void>;
  /**
   * Bytes of values that a partition may keep beyond `LogPolicy.retentionBytes`. Left out by an engine without retention by
   * size, or with more than a test can write: tests of it are skipped.
   */
  readonly spareBytes?: number;
  close(): Promise<void>;
}

export interface Subject {
  /** The engine's name, for the report. */
  name: string;
  /** Each time a new engine without any data. */
  open(): Promise<OpenEngine>;
}

interface TwoNodes<Time extends Clock = Clock> {
  a: Storage;
  b: Storage;
  engine: OpenEngine;
  clock: Time;
}

type ItsFunction = (context: TestContext) => Promise<void>;

/** Makes the function of an `it` out of a test that needs two nodes of a new engine. */
export interface WithTwoNodes {
  (test: (nodes: TwoNodes) => Promise<void>): ItsFunction;
  /** For a test that lets time pass. */
  timed(test: (nodes: TwoNodes<ManualClock>) => Promise<void>): ItsFunction;
  /** For a test that compacts. */
  compacting(test: (nodes: TwoNodes & { compact: () => Promise<void> }) => Promise<void>): ItsFunction;
  /** For a test that lets time pass, and compacts. */
  timedCompacting(
    test: (nodes: TwoNodes<ManualClock> & { compact: () => Promise<void> }) => Promise<void>,
  ): ItsFunction;
  /** For a test of retention by size. */
  sized(test: (nodes: TwoNodes & { spareBytes: number }) => Promise<void>): ItsFunction;
}

export function withTwoNodes(subject: Subject): WithTwoNodes {
  const run = async (test: (nodes: TwoNodes) => Promise<void>): Promise<void> => {
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
  /** A test of what an engine need not have: `part` makes what the test gets of it. */
  const needing =
    <Part extends object>(what: string, part: (engine: OpenEngine) => Part | undefined) =>
    (test: (nodes: TwoNodes & Part) => Promise<void>): ItsFunction =>
    (context) =>
      run(async (nodes) => {
        const given = part(nodes.engine);
        if (given) await test({ ...nodes, ...given });
        else context.skip(`it needs an engine with ${what}`);
      });
  const manual = ({ clock }: OpenEngine): { clock: ManualClock } | undefined =>
    clock instanceof ManualClock ? { clock } : undefined;
  const compacts = ({ compact }: OpenEngine): { compact: () => Promise<void> } | undefined => compact && { compact };
  return Object.assign((test: (nodes: TwoNodes) => Promise<void>) => () => run(test), {
    timed: needing("a ManualClock", manual),
    compacting: needing("compact()", compacts),
    timedCompacting: needing("a ManualClock and compact()", (engine) => {
      const [clock, compact] = [manual(engine), compacts(engine)];
      return clock && compact && { ...clock, ...compact };
    }),
    sized: needing("spareBytes", ({ spareBytes }) => (spareBytes === undefined ? undefined : { spareBytes })),
  });
}

/** The same engine, with the hints of each node dropped, doubled and late. */
export function withOddHints(subject: Subject): Subject {
  let seed = 1;
  return {
    name: `${subject.name} with odd hints`,
    async open() {
      const engine = await subject.open();
      return {
        ...engine,
        node: (name, nodeClock) => oddHints(engine.node(name, nodeClock), { seed: seed++, clock: engine.clock }),
        close: () => engine.close(),
      };
    },
  };
}

/** Waits until `condition` holds, while a manual clock moves on by one second altogether at most. */
export async function eventually(clock: Clock, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 5_000; round++) {
    if (await condition()) return;
    if (round < 100 && clock instanceof ManualClock) clock.advance(10);
    await new Promise((resolve) => void setTimeout(resolve, round < 100 ? 0 : 1));
  }
  throw new Error("What the test waits for does not come.");
}

export const NEVER: AbortSignal = new AbortController().signal;
