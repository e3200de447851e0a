/**
 * The metadata port over the rows of an engine. A record's version is the one of the write that made it.
 */
import type { MetadataPort, Versioned, Write } from "../ports.ts";
import { frozenJson } from "./frozen.ts";
import { Hints } from "./hints.ts";
import type { NodeScope } from "./node-scope.ts";
import type { Rows } from "./rows.ts";

/** For one record, or for all of a kind. */
class WriteHints {
  readonly #ofKind = new Hints<string, [id: string]>();
  /** By kind and id as one JSON text. */
  readonly #ofRecord = new Hints<string, [id: string]>();

  /** @param id null: of every record of the kind */
  listen(kind: string, id: string | null, hint: (id: string) => void): Disposable {
    return id === null ? this.#ofKind.listen(kind, hint) : this.#ofRecord.listen(JSON.stringify([kind, id]), hint);
  }

  send(kind: string, id: string): void {
    this.#ofKind.send(kind, id);
    this.#ofRecord.send(JSON.stringify([kind, id]), id);
  }
}

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

/** Whether the record has the version that the write expects; `undefined`: there is none. */
function expected({ expect }: Write, current: number | undefined): boolean {
  if (expect === "any") return true;
  return expect === "absent" ? current === undefined : current === expect;
}

/** The writes that cause a hint. */
function told(writes: readonly Write[]): readonly Write[] {
  return writes.filter((write) => "remove" in write || !write.unchanged);
}

/** @throws {RangeError} for a record that is written twice */
function checkOnce(writes: readonly Write[]): void {
  const seen = new Set<string>();
  for (const { kind, id } of writes) {
    const key = JSON.stringify([kind, id]);
    if (seen.has(key)) throw new RangeError(`Record ${id} of kind ${kind} is written twice.`);
    seen.add(key);
  }
}
