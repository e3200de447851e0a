/**
 * Chance from a seed: the same seed gives the same numbers.
 * @pure
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws {RangeError} for nothing to choose from */
  pick<T>(from: readonly T[]): T {
    const chosen = from[this.between(0, from.length - 1)];
    if (chosen === undefined) throw new RangeError("there is nothing to choose from");
    return chosen;
  }

  /** One of them at least, in their order. */
  some<T>(from: readonly T[]): T[] {
    const certain = this.between(0, from.length - 1);
    return from.filter((_, index) => index === certain || this.chance(0.5));
  }

  /** Another source, so that what one actor draws does not depend on how often others do. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32));
  }
}
