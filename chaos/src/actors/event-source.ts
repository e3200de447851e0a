/** Events of one publisher: sound ones, poisonous ones, and some that the server would never take. */
import { namedWithKey, poisonous } from "../history/line.ts";
import type { Random } from "../random.ts";
import type { ChaosEvent } from "./assignment.ts";

const MAX_BATCH = 100;
const POISONOUS = 1 / 1_000;
const BAD = 1 / 1_000;
const KEYS = 100;

export class EventSource {
  readonly #name: string;
  readonly #random: Random;
  #count = 0;

  constructor(name: string, random: Random) {
    this.#name = name;
    this.#random = random;
  }

  /** One event at least. */
  some(): ChaosEvent[] {
    return Array.from({ length: this.#random.between(1, MAX_BATCH) }, () => this.#next());
  }

  #next(): ChaosEvent {
    this.#count += 1;
    const key = String(this.#random.between(1, KEYS));
    const id = namedWithKey(`${this.#name}-${this.#count}`, key);
    const event = { id: this.#random.chance(POISONOUS) ? poisonous(id) : id, key };
    return this.#random.chance(BAD) ? { ...event, bad: 1 } : event;
  }
}
