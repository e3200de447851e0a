/**
 * Metadata as one request sees it. A request takes a snapshot once and hands it down: one look at the revision, not one
 * for each setting and event type. Its records are at least as new as any write that a node acknowledged before the snapshot
 * was taken. A request takes another snapshot after each wait.
 */
import { eachRecord } from "nakadi-storage";
import type { MetadataPort, Versioned } from "nakadi-storage";

export class Snapshots {
  readonly #metadata: MetadataPort;
  #latest: Snapshot | undefined;

  constructor(metadata: MetadataPort) {
    this.#metadata = metadata;
  }

  /** Returns the same snapshot until the revision changes. */
  async take(): Promise<Snapshot> {
    const revision = await this.#metadata.revision();
    // A read that ends after the revision has changed is cached in the snapshot that it began with.
    if (this.#latest?.revision !== revision) this.#latest = new Snapshot(this.#metadata, revision);
    return this.#latest;
  }
}

export class Snapshot {
  readonly revision: number;
  readonly #metadata: MetadataPort;
  readonly #records = new Map<string, Map<string, Promise<Versioned<unknown> | undefined>>>();
  readonly #lists = new Map<string, Promise<ReadonlyMap<string, Versioned<unknown>>>>();

  constructor(metadata: MetadataPort, revision: number) {
    this.#metadata = metadata;
    this.revision = revision;
  }

  /** Reads a record once. */
  async record<T>(kind: string, id: string): Promise<Versioned<T> | undefined> {
    let ofKind = this.#records.get(kind);
    if (!ofKind) this.#records.set(kind, (ofKind = new Map()));
    const known = ofKind.get(id);
    if (known) return known as Promise<Versioned<T> | undefined>;
    const record = this.#metadata.get<T>(kind, id);
    ofKind.set(id, record);
    const forget = (): void => void ofKind.delete(id);
    // Absent records are not cached, because their names are unbounded; neither are failures.
    record.then((found) => found ?? forget(), forget);
    return record;
  }

  /** All records of a kind by id, read once: for kinds with few records. */
  async records<T>(kind: string): Promise<ReadonlyMap<string, Versioned<T>>> {
    const known = this.#lists.get(kind);
    if (known) return known as Promise<ReadonlyMap<string, Versioned<T>>>;
    const records = this.#read<T>(kind);
    this.#lists.set(kind, records);
    records.catch(() => this.#lists.delete(kind));
    return records;
  }

  async #read<T>(kind: string): Promise<ReadonlyMap<string, Versioned<T>>> {
    const records = new Map<string, Versioned<T>>();
    for await (const { id, value, version } of eachRecord<T>(this.#metadata, kind)) records.set(id, { value, version });
    return records;
  }
}
