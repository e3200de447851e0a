/**
 * What one node holds of a shared engine, to give back when it closes.
 */
import { StorageClosedError } from "../storage-errors.ts";

export class NodeScope {
  readonly name: string;
  readonly #held = new Set<Disposable>();
  #closed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Every call of every port comes through here. @throws {StorageClosedError} */
  check(): void {
    if (this.#closed) throw new StorageClosedError(this.name);
  }

  /** Ends `held` with the node, or earlier when the result is disposed of. */
  hold(held: Disposable): Disposable {
    this.#held.add(held);
    return {
      [Symbol.dispose]: () => {
        if (this.#held.delete(held)) held[Symbol.dispose]();
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const held of this.#held) held[Symbol.dispose]();
    this.#held.clear();
  }
}
