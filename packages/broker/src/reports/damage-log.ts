/** Tells the operator of damaged events in the storage, once for each place: streams meet the same damage again and again. */
import type { DamagedEventsError } from "nakadi-storage";
import type { Logger } from "../logger.ts";

/** Places that are remembered; of more, the broker logs nothing: `nakadi verify` lists them all. */
const MAX_PLACES = 1_000;

export class DamageLog {
  readonly #logger: Logger;
  readonly #places = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Places that were met since the start; 1,000 at most. */
  get places(): number {
    return this.#places.size;
  }

  note(error: DamagedEventsError): void {
    const { place, offset } = error;
    const at = `${place}:${offset}`;
    if (this.#places.has(at) || this.#places.size >= MAX_PLACES) return;
    this.#places.add(at);
    this.#logger.error(
      { error, place, offset, damagedPlaces: this.#places.size },
      `stored frame damaged; streams end in ${place} before offset ${offset}: stop the broker, then "nakadi verify" says what is lost, and after "nakadi repair" streams go on behind it`,
    );
  }
}
