/**
 * The metadata port over the rows of an engine. A record's version is the one of the write that made it.
 */
import { checkOnce, expected, told } from "../metadata-writes.ts";
import type { MetadataPort, Versioned, Write } from "../ports.ts";
import { frozenJson } from "./frozen.ts";
import type { NodeScope } from "./node-scope.ts";
import type { Rows } from "./rows.ts";
import { WriteHints } from "./write-hints.ts";

/** What all nodes share. */
export class StoredMetadata {
  readonly rows: Rows;
  readonly written: WriteHints = new WriteHints();
  /** The version of the last write that is durable. */
  revision: number;

  constructor(rows: Rows) {
    this.rows = rows;
    this.revision = rows.version;
  }
}

export class InProcessMetadata implements MetadataPort {
  readonly #stored: StoredMetadata;
  readonly #rows: Rows;
  readonly #node: NodeScope;

  constructor(stored: StoredMetadata, node: NodeScope) {
    this.#stored = stored;
    this.#rows = stored.rows;
    this.#node = node;
  }

  async get<T>(kind: string, id: string): Promise<Versioned<T> | undefined> {
    this.#node.check();
    const table = tableOf(kind);
    return this.#rows.read(table, [id], () => this.#rows.get(table, id) as Versioned<T> | undefined);
  }

  async list<T>(
    kind: string,
    page: { after?: string; limit: number },
  ): Promise<readonly (Versioned<T> & { id: string })[]> {
    this.#node.check();
    const table = tableOf(kind);
    const look = () => this.#rows.page(table, page) as readonly (Versioned<T> & { id: string })[];
    return this.#rows.read(table, undefined, look);
  }

  async write(writes: readonly Write[]): Promise<"written" | "conflict"> {
    this.#node.check();
    checkOnce(writes);
    const changes = writes.map((write) => ({
      table: tableOf(write.kind),
      id: write.id,
      value: "remove" in write ? undefined : frozenJson(write.value),
    }));
    if (!writes.every((write) => expected(write, this.#rows.get(tableOf(write.kind), write.id)?.version))) {
      // What was in the way is there when the caller looks.
      for (const { table, id } of changes) await this.#rows.settled(table, [id]);
      return "conflict";
    }
    if (changes.length === 0) return "written";
    this.#stored.revision = Math.max(this.#stored.revision, await this.#rows.write(changes));
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

/** Kinds are the broker's names: none is one of the engine's own tables. */
function tableOf(kind: string): string {
  return `metadata ${kind}`;
}
