/**
 * The faults of a run, ordered by a seed: the same seed and number give the same orders.
 * @pure
 */
import { Random } from "../random.ts";

/** The faults from which all clients recover soon come last. */
export const FAULT_KINDS = [
  "half-open",
  "stop-clients",
  "stall",
  "stop-broker",
  "kill-clients",
  "kill-broker",
  "cut-inside-line",
  "cut-after",
  "bandwidth",
  "delay",
  "refuse",
  "cut",
  "reset",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** Consumers and publishers by their indexes. */
export interface Cast {
  consumers: readonly number[];
  publishers: readonly number[];
}

/** One fault with the processes that it hits: some consumers and publishers, or the broker and so all of them. */
export interface Order extends Cast {
  kind: FaultKind;
  /** How long it lasts, or until what was killed starts again. */
  lastsMs: number;
  /** Since the fault before it, at least. */
  gapMs: number;
  /** Bytes, bytes a second, milliseconds: as much as the kind needs of it. */
  amount: number;
}

const LONGEST_MS: Record<FaultKind, number> = {
  "kill-broker": 800,
  // Beyond the commit timeout, and beyond the lease of a node.
  "stop-broker": 4_000,
  "kill-clients": 800,
  "stop-clients": 5_000,
  cut: 0,
  "cut-inside-line": 0,
  "cut-after": 0,
  reset: 0,
  "half-open": 0,
  stall: 4_000,
  delay: 1_500,
  bandwidth: 1_500,
  refuse: 1_000,
};

const AMOUNTS: Partial<Record<FaultKind, [number, number]>> = {
  "cut-after": [1, 5_000],
  "cut-inside-line": [1, 100],
  delay: [5, 100],
  bandwidth: [20_000, 200_000],
};

const GAP_MS = 300;

/** Each kind comes as often as the others, in an order of chance, and hits some of the cast. */
export function schedule(seed: number, count: number, { consumers, publishers }: Cast): Order[] {
  const random = new Random(seed);
  const orders: Order[] = [];
  let kinds: FaultKind[] = [];
  while (orders.length < count) {
    if (kinds.length === 0) kinds = [...FAULT_KINDS];
    const [kind = "cut"] = kinds.splice(random.between(0, kinds.length - 1), 1);
    orders.push(orderOf(random, kind, { consumers: random.some(consumers), publishers: random.some(publishers) }));
  }
  return orders;
}

export function orderOf(random: Random, kind: FaultKind, { consumers, publishers }: Cast): Order {
  const [least, most] = AMOUNTS[kind] ?? [0, 0];
  return {
    kind,
    consumers,
    publishers,
    // Short ones are as likely as long ones.
    lastsMs: Math.round(LONGEST_MS[kind] * random.next() ** 2),
    gapMs: random.between(0, GAP_MS),
    amount: random.between(least, most),
  };
}
