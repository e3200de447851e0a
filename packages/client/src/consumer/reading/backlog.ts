/**
 * The batches that were received and are not done, in all streams of a consumer together (SPEC rule 7).
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

  /** Half empty: paused sockets resume here, not after each batch that is done. */
  get low(): boolean {
    return this.#batches * 2 <= this.#limits.batches && this.#bytes * 2 <= this.#limits.bytes;
  }

  addBatch(bytes: number): void {
    this.#batches += 1;
    this.#bytes += bytes;
  }

  removeBatch(bytes: number): void {
    this.#batches -= 1;
    this.#bytes -= bytes;
  }
}
