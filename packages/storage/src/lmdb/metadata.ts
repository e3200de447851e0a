/**
 * The metadata port on LMDB. Reads see what is durable, and only that; a write is compared with the writes before it,
 * which may not be durable yet. A record's version is the revision of the write that made it.
 */
import type { NodeScope } from "../in-process/node-scope.ts";
import { WriteHints } from "../in-process/write-hints.ts";
import { checkOnce, expected, told } from "../metadata-writes.ts";
import type { MetadataPort, Versioned, Write } from "../ports.ts";
import type { Journal } from "./journal.ts";
import { jsonRow, readJson } from "./json-rows.ts";
import { REVISION_KEY, scopedKey, scopeEnd, scopePrefix } from "./keys.ts";
import type { Change, Store } from "./store.ts";

/** A row of `metadata`. */
interface MetadataRow {
  id: string;
  version: number;
  value: unknown;
}

/** What all nodes share. */
export class StoredMetadata {
  readonly written: WriteHints = new WriteHints();
  readonly #store: Store;
  readonly #journal: Journal;
  /** Versions of records whose last write is not durable yet; undefined: it removes the record. */
  readonly #unsettled = new Map<string, { version: number | undefined; by: Promise<void> }>();
  /** Of the last write that is durable. */
  #revision: number;
  /** Of the last write. */
  #assigned: number;

  constructor(store: Store, journal: Journal) {
    this.#store = store;
    this.#journal = journal;
    const value = store.get("counters", REVISION_KEY);
    this.#revision = value ? (readJson("counters", REVISION_KEY, value) as number) : 0;
    this.#assigned = this.#revision;
  }

  get revision(): number {
    return this.#revision;
  }

  get(kind: string, id: string): MetadataRow | undefined {
    const key = scopedKey(kind, id);
    const value = this.#store.get("metadata", key);
    return value && (readJson("metadata", key, value) as MetadataRow);
  }

  *list(kind: string, after: string | undefined, limit: number): Iterable<MetadataRow> {
    let left = limit;
    const start = after === undefined ? scopePrefix(kind) : scopedKey(kind, after);
    for (const { key, value } of this.#store.rows("metadata", start, scopeEnd(kind))) {
      if (after !== undefined && key.equals(start)) continue;
      if (left-- <= 0) return;
      yield readJson("metadata", key, value) as MetadataRow;
    }
  }

  async write(writes: readonly Write[]): Promise<"written" | "conflict"> {
    const version = this.#assigned + 1;
    const changes = writes.map((write): Change => {
      const key = scopedKey(write.kind, write.id);
      if ("remove" in write) return { table: "metadata", key, value: null };
      if (JSON.stringify(write.value) === undefined) throw new TypeError("A stored value must be JSON.");
      return jsonRow("metadata", key, { id: write.id, version, value: write.value } satisfies MetadataRow);
    });
    const names = changes.map(({ key }) => Buffer.from(key).toString("latin1"));
    if (writes.some((write, index) => !expected(write, this.#latestVersion(write, names[index] ?? "")))) {
      // Whatever was in the way must be there when the caller looks.
      for (const name of names) await this.#unsettled.get(name)?.by;
      return "conflict";
    }
    this.#assigned = version;
    const by = this.#journal.write([...changes, jsonRow("counters", REVISION_KEY, version)]);
    for (const [index, write] of writes.entries()) {
      this.#unsettled.set(names[index] ?? "", { version: "remove" in write ? undefined : version, by });
    }
    await by;
    this.#revision = Math.max(this.#revision, version);
    for (const name of names) if (this.#unsettled.get(name)?.by === by) this.#unsettled.delete(name);
    for (const { kind, id } of told(writes)) this.written.send(kind, id);
    return "written";
  }

  #latestVersion({ kind, id }: Write, name: string): number | undefined {
    const unsettled = this.#unsettled.get(name);
    return unsettled ? unsettled.version : this.get(kind, id)?.version;
  }
}

export class LmdbMetadata implements MetadataPort {
  readonly #stored: StoredMetadata;
  readonly #node: NodeScope;

  constructor(stored: StoredMetadata, node: NodeScope) {
    this.#stored = stored;
    this.#node = node;
  }

  async get<T>(kind: string, id: string): Promise<Versioned<T> | undefined> {
    this.#node.check();
    const row = this.#stored.get(kind, id);
    return row && { value: row.value as T, version: row.version };
  }

  async list<T>(
    kind: string,
    { after, limit }: { after?: string; limit: number },
  ): Promise<readonly (Versioned<T> & { id: string })[]> {
    this.#node.check();
    return Array.from(this.#stored.list(kind, after, limit), ({ id, value, version }) => ({
      id,
      value: value as T,
      version,
    }));
  }

  async write(writes: readonly Write[]): Promise<"written" | "conflict"> {
    this.#node.check();
    checkOnce(writes);
    return writes.length === 0 ? "written" : this.#stored.write(writes);
  }

  async revision(): Promise<number> {
    this.#node.check();
    return this.#stored.revision;
  }

  onWrite(kind: string, id: string | null, hint: (id: string) => void): Disposable {
    this.#node.check();
    return this.#node.hold(this.#stored.written.listen(kind, id, hint));
  }
}
