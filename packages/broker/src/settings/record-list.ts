import { eachRecord } from "nakadi-storage";
import type { MetadataPort, Versioned } from "nakadi-storage";
/**
 * All metadata records of one kind, for settings that each request looks at. Linearizable as the port itself: each look
 * asks for the revision, and what was read under another one does not count.
 */

type Records<T> = ReadonlyMap<string, Versioned<T>>;

export class RecordList<T> {
  readonly #metadata: MetadataPort;
  readonly #kind: string;
  #cache: { revision: number; records: Promise<Records<T>> } | undefined;

  constructor(metadata: MetadataPort, kind: string) {
    this.#metadata = metadata;
    this.#kind = kind;
  }

  /** By id. */
  async all(): Promise<Records<T>> {
    const revision = await this.#metadata.revision();
    if (this.#cache?.revision === revision) return this.#cache.records;
    const cache = { revision, records: this.#read() };
    this.#cache = cache;
    // A failure is no answer.
    cache.records.catch(() => {
      if (this.#cache === cache) this.#cache = undefined;
    });
    return cache.records;
  }

  async #read(): Promise<Records<T>> {
    const records = new Map<string, Versioned<T>>();
    for await (const { id, value, version } of eachRecord<T>(this.#metadata, this.#kind)) {
      records.set(id, { value, version });
    }
    return records;
  }
}
