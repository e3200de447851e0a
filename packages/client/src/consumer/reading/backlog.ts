/**
 * How much was received and is not done, in all streams of a consumer together (design 3.3 rule 7).
 * @pure
 */
export class Backlog {
  readonly #limits: { batches: number; bytes: number };
  #batches = 0;
  #bytes = 0;

  constructor(limits: { batches: number; bytes: number }) {
    this.#limits = limits;
  }

  get batches(): number {
    return this.#batches;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#batches >= this.#limits.batches || this.#bytes >= this.#limits.bytes;
  }

  /** Whether it is half empty: reading on pays off then, and not for each batch that is done. */
  get low(): boolean {
    return this.#batches * 2 <= this.#limits.batches && this.#bytes * 2 <= this.#limits.bytes;
  }

  add(bytes: number): void {
    this.#batches += 1;
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#batches -= 1;
    this.#bytes -= bytes;
  }
}
