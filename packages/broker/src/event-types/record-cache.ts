import type { MetadataPort, Versioned } from "nakadi-storage";
/**
 * Metadata records of one kind, read once for as long as nothing is written. Linearizable as the port itself: each
 * look asks for the revision, and what was read under another one does not count.
 */

/** What was read while metadata had one revision. */
interface Cache<T> {
  revision: number;
  records: Map<string, Promise<Versioned<T> | undefined>>;
}

export class RecordCache<T> {
  readonly #metadata: MetadataPort;
  readonly #kind: string;
  #cache: Cache<T> | undefined;

  constructor(metadata: MetadataPort, kind: string) {
    this.#metadata = metadata;
    this.#kind = kind;
  }

  async get(id: string): Promise<Versioned<T> | undefined> {
    const { records } = await this.#current();
    let record = records.get(id);
    if (!record) {
      record = this.#metadata.get<T>(this.#kind, id);
      records.set(id, record);
      const forget = (): void => void records.delete(id);
      // Records that there are not would fill the cache, and a failure is no answer.
      record.then((found) => found ?? forget(), forget);
    }
    return record;
  }

  /** A read that is still on its way when the revision changes ends up in the cache that it began with. */
  async #current(): Promise<Cache<T>> {
    const revision = await this.#metadata.revision();
    if (this.#cache?.revision !== revision) this.#cache = { revision, records: new Map() };
    return this.#cache;
  }
}
