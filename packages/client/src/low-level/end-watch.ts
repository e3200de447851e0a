/**
 * When a stream with an end is there. Offsets are opaque, so besides meeting the very end the server is asked how far it is,
 * about once a second; and an end that nothing leads to, because what was there is not delivered, is given up when it is quiet.
 * @pure
 */
import type { Clock, PartitionCursor, Timer } from "nakadi-protocol";
import type { ReadingProgress } from "./options.ts";

export interface EndWatchParts {
  clock: Clock;
  /** Offsets from each position to its end, in their order. */
  distances: (pairs: readonly { from: PartitionCursor; to: PartitionCursor }[]) => Promise<number[]>;
  progress: (progress: ReadingProgress) => void;
  /** Each partition is there. */
  reached: () => void;
}

interface Way {
  at: PartitionCursor;
  readonly end: PartitionCursor;
  /** Offsets to go when the server was last asked. */
  remaining: number;
  /** Keep-alives in a row. */
  quiet: number;
}

const ASK_EVERY_MS = 1_000;
/** Consecutive keep-alives after which a partition has no further events. */
const QUIET_KEEP_ALIVES = 5;

export class EndWatch {
  readonly #parts: EndWatchParts;
  readonly #ways = new Map<string, Way>();
  #total = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #waiting: Timer | undefined;
  #asking = false;
  #over = false;

  constructor(parts: EndWatchParts) {
    this.#parts = parts;
  }

  /** Whether there is nothing more to read in the partition. */
  done(partition: string): boolean {
    return !this.#ways.has(partition);
  }

  /** Measures the way from where reading begins; a partition that is there already is not read. */
  async begin(at: readonly PartitionCursor[], ends: readonly PartitionCursor[]): Promise<void> {
    const pairs = at.flatMap((from) => {
      const to = ends.find(({ partition }) => partition === from.partition);
      return to ? [{ from, to }] : [];
    });
    const distances = await this.#parts.distances(pairs);
    for (const [index, { from, to }] of pairs.entries()) {
      const remaining = Math.max(0, distances[index] ?? 0);
      this.#total += remaining;
      if (remaining > 0) this.#ways.set(from.partition, { at: from, end: to, remaining, quiet: 0 });
    }
    this.#askedAtMs = this.#parts.clock.monotonicMs();
    this.#tell();
  }

  taken(at: PartitionCursor): void {
    const way = this.#ways.get(at.partition);
    if (!way) return;
    way.at = at;
    way.quiet = 0;
    if (at.offset === way.end.offset) this.#arrived([at.partition]);
    else this.#askSoon();
  }

  /** A keep-alive came, and everything before it was taken. */
  quiet({ partition }: PartitionCursor): void {
    const way = this.#ways.get(partition);
    if (!way) return;
    way.quiet += 1;
    if (way.quiet >= QUIET_KEEP_ALIVES) this.#arrived([partition]);
  }

  /** Another stream begins: keep-alives of the last one do not count. */
  reopened(): void {
    for (const way of this.#ways.values()) way.quiet = 0;
  }

  close(): void {
    this.#over = true;
    this.#waiting?.cancel();
  }

  #askSoon(): void {
    if (this.#waiting || this.#asking || this.#over) return;
    const { clock } = this.#parts;
    this.#waiting = clock.schedule(Math.max(0, this.#askedAtMs + ASK_EVERY_MS - clock.monotonicMs()), () => {
      this.#waiting = undefined;
      this.#asking = true;
      void this.#ask().finally(() => (this.#asking = false));
    });
  }

  async #ask(): Promise<void> {
    const { clock, distances } = this.#parts;
    const asked = [...this.#ways.values()].map((way) => ({ way, from: way.at, to: way.end }));
    this.#askedAtMs = clock.monotonicMs();
    try {
      const answers = await distances(asked);
      for (const [index, { way }] of asked.entries()) way.remaining = Math.max(0, answers[index] ?? way.remaining);
    } catch {
      // The next batch repeats the request; without batches, keep-alives end the watch.
      return;
    }
    if (this.#over) return;
    const there = asked.filter(({ way }) => way.remaining === 0).map(({ to }) => to.partition);
    if (there.length > 0) this.#arrived(there);
    else this.#tell();
    // A batch that was taken during the request may have been the last one.
    if (asked.some(({ way, from }) => way.at !== from && this.#ways.get(from.partition) === way)) {
      this.#asking = false;
      this.#askSoon();
    }
  }

  #arrived(partitions: readonly string[]): void {
    for (const partition of partitions) this.#ways.delete(partition);
    if (this.#ways.size === 0) this.#waiting?.cancel();
    this.#tell();
  }

  #tell(): void {
    if (this.#over) return;
    const remaining = [...this.#ways.values()].reduce((sum, way) => sum + way.remaining, 0);
    this.#parts.progress({ total: this.#total, remaining });
    if (this.#ways.size === 0) {
      this.close();
      this.#parts.reached();
    }
  }
}
