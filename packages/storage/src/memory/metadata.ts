/**
 * The metadata port in memory. A record's version is the revision of the write that made it.
 */
import { checkOnce, expected, told } from "../metadata-writes.ts";
import type { MetadataPort, Versioned, Write } from "../ports.ts";
import { frozenJson } from "../in-process/frozen.ts";
import type { NodeScope } from "../in-process/node-scope.ts";
import { WriteHints } from "../in-process/write-hints.ts";
import { RecordTable } from "./record-table.ts";

/** What all nodes share. */
export class StoredMetadata {
  readonly kinds: Map<string, RecordTable> = new Map();
  readonly written: WriteHints = new WriteHints();
  revision = 0;

  table(kind: string): RecordTable {
    let table = this.kinds.get(kind);
    if (!table) this.kinds.set(kind, (table = new RecordTable()));
    return table;
  }
}

export class MemoryMetadata implements MetadataPort {
  readonly #stored: StoredMetadata;
  readonly #node: NodeScope;

  constructor(stored: StoredMetadata, node: NodeScope) {
    this.#stored = stored;
    this.#node = node;
  }

  async get<T>(kind: string, id: string): Promise<Versioned<T> | undefined> {
    this.#node.check();
    return this.#stored.kinds.get(kind)?.get(id) as Versioned<T> | undefined;
  }

  async list<T>(
    kind: string,
    page: { after?: string; limit: number },
  ): Promise<readonly (Versioned<T> & { id: string })[]> {
    this.#node.check();
    return (this.#stored.kinds.get(kind)?.page(page) ?? []) as readonly (Versioned<T> & {
      id: string;
    })[];
  }

  async write(writes: readonly Write[]): Promise<"written" | "conflict"> {
    this.#node.check();
    checkOnce(writes);
    const values = writes.map((write) => ("remove" in write ? undefined : frozenJson(write.value)));
    if (!writes.every((write) => expected(write, this.#stored.kinds.get(write.kind)?.get(write.id)?.version)))
      return "conflict";
    if (writes.length > 0) this.#stored.revision++;
    for (const [index, write] of writes.entries()) {
      const table = this.#stored.table(write.kind);
      if ("remove" in write) table.remove(write.id);
      else table.set(write.id, Object.freeze({ value: values[index], version: this.#stored.revision }));
    }
    for (const { kind, id } of told(writes)) this.#stored.written.send(kind, id);
    return "written";
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
