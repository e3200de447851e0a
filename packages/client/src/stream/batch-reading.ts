/**
 * Takes batches by `nextBatch` or by one iterator, and refuses both at once.
 * @pure
 */
import { ConfigError } from "../errors/nakadi-error.ts";
import { abortSignal } from "../options/checks.ts";
import type { Batch } from "./batch.ts";
import type { BatchQueue } from "./batch-queue.ts";
import type { SessionState } from "./session-machine.ts";

export class BatchReading<E> {
  readonly #queue: BatchQueue<E>;
  readonly #session: { readonly state: SessionState["kind"]; close(): void };
  #reader: "nextBatch" | "iterator" | undefined;

  constructor(queue: BatchQueue<E>, session: { readonly state: SessionState["kind"]; close(): void }) {
    this.#queue = queue;
    this.#session = session;
  }

  nextBatch(signal: AbortSignal | undefined): Promise<Batch<E> | undefined> {
    try {
      abortSignal("options.signal", signal);
      this.#claim("nextBatch");
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#queue.next(signal);
  }

  iterator(): AsyncIterator<Batch<E>, undefined> {
    this.#claim("iterator");
    return {
      next: async () => {
        const value = await this.#queue.next();
        return value ? { value, done: false } : { value: undefined, done: true };
      },
      return: async () => {
        this.#session.close();
        return { value: undefined, done: true };
      },
    };
  }

  #claim(reader: "nextBatch" | "iterator"): void {
    if (this.#reader === undefined || (reader === "nextBatch" && this.#reader === "nextBatch")) this.#reader = reader;
    else if (reader === "iterator" || this.#session.state !== "closed") {
      throw new ConfigError("the stream", "read either by one iterator or by nextBatch, not by both");
    }
  }
}
