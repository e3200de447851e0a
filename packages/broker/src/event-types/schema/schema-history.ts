/**
 * All versions of an event type's schema (protocol 5.6): metadata of kind `event-type-schema`, each written once, together
 * with the event type, whose record lists the versions.
 */
import type { Schema } from "nakadi-protocol";
import { eachRecord } from "nakadi-storage";
import type { MetadataPort, Write } from "nakadi-storage";
import { ProblemError } from "../../problems.ts";
import { schemaMeaning } from "./schema-rules.ts";
import type { StoredEventType } from "../stored-event-type.ts";

const KIND = "event-type-schema";
const PAGE = 1_000;
/** Sorts after what names consist of; and with as many digits, versions sort in their order. */
const SEPARATOR = ":";
const DIGITS = 9;

export interface SchemaPage {
  items: Required<Schema>[];
  /** Whether older versions follow. */
  hasMore: boolean;
}

export class SchemaHistory {
  readonly #metadata: MetadataPort;

  constructor(metadata: MetadataPort) {
    this.#metadata = metadata;
  }

  /** Newest first. */
  async page(
    { eventType, schemaVersions }: StoredEventType,
    { limit, offset }: { limit: number; offset: number },
  ): Promise<SchemaPage> {
    const newest = schemaVersions.length - 1 - offset;
    const oldest = Math.max(0, newest - limit + 1);
    const indexes = Array.from({ length: Math.max(0, newest - oldest + 1) }, (_, at) => newest - at);
    const items = await Promise.all(indexes.map((index) => this.#at(eventType.name, index)));
    return { items: items.filter((item) => item !== undefined), hasMore: oldest > 0 && items.length > 0 };
  }

  /**
   * @param version `latest` or a number
   * @throws {ProblemError} 404
   */
  async version({ eventType, schemaVersions }: StoredEventType, version: string): Promise<Required<Schema>> {
    if (version === "latest") return eventType.schema;
    const index = schemaVersions.lastIndexOf(version);
    const found = index < 0 ? undefined : await this.#at(eventType.name, index);
    if (found) return found;
    throw new ProblemError(404, `EventType "${eventType.name}" has no schema with version "${version}"`);
  }

  /**
   * The newest version that is equal except for the order of members.
   * @throws {ProblemError} 404; 422 for invalid JSON
   */
  async equalTo(
    stored: StoredEventType,
    schema: Pick<Schema, "type" | "schema">,
    maxDepth: number,
  ): Promise<Required<Schema>> {
    const { name } = stored.eventType;
    const meaning = schemaMeaning(schema, maxDepth);
    for (let offset = 0; ; offset += PAGE) {
      const { items, hasMore } = await this.page(stored, { limit: PAGE, offset });
      const found = items.find((item) => item.type === schema.type && schemaMeaning(item, Infinity) === meaning);
      if (found) return found;
      if (!hasMore) throw new ProblemError(404, `schema is not found for ${name}`);
    }
  }

  /** The newest JSON schema; `undefined` if the event type never had one. */
  async latestJson(stored: StoredEventType): Promise<Required<Schema> | undefined> {
    if (stored.eventType.schema.type === "json_schema") return stored.eventType.schema;
    for (let offset = 0; ; offset += PAGE) {
      const { items, hasMore } = await this.page(stored, { limit: PAGE, offset });
      const found = items.find(({ type }) => type === "json_schema");
      if (found ?? !hasMore) return found;
    }
  }

  /** The writes that remove all versions. */
  async removals(name: string): Promise<Write[]> {
    const removals: Write[] = [];
    const prefix = `${name}${SEPARATOR}`;
    for await (const { id, version } of eachRecord(this.#metadata, KIND, prefix)) {
      if (!id.startsWith(prefix)) break;
      removals.push({ kind: KIND, id, expect: version, remove: true });
    }
    return removals;
  }

  async #at(name: string, index: number): Promise<Required<Schema> | undefined> {
    return (await this.#metadata.get<Required<Schema>>(KIND, idOf(name, index)))?.value;
  }
}

/** The write that adds the last of `schemaVersions`. */
export function schemaAddition({ eventType, schemaVersions }: StoredEventType): Write {
  const id = idOf(eventType.name, schemaVersions.length - 1);
  return { kind: KIND, id, expect: "absent", value: eventType.schema };
}

function idOf(name: string, index: number): string {
  return `${name}${SEPARATOR}${String(index).padStart(DIGITS, "0")}`;
}
