/**
 * The storages that an operator registers (protocol 6.5): metadata of kind `storage`. They are names only, for clients that
 * manage storages: the broker keeps all events in its own storage, and remembers the default and the storage that was
 * requested for a timeline.
 */
import type { MetadataPort, Write } from "nakadi-storage";
import type { Snapshot, Snapshots } from "../metadata-snapshot.ts";
import { OWN_STORAGE } from "../event-types/stored-event-type.ts";
import { ProblemError } from "../problems.ts";
import { isObject } from "../event-types/schema/json-schema.ts";
import { Members } from "../request-body.ts";

export interface StorageDescription {
  id: string;
  storage_type: "kafka";
  kafka_configuration: unknown;
  default: boolean;
}

type StoredStorage = Omit<StorageDescription, "id">;

const KIND = "storage";
const OWN: StoredStorage = {
  storage_type: "kafka",
  kafka_configuration: { zookeeper_connection: { type: "zookeeper", addresses: [], path: null } },
  default: true,
};
const ID = /^[a-z][a-z0-9-]{0,35}$/;

export class Storages {
  readonly #metadata: MetadataPort;
  readonly #snapshots: Snapshots;

  constructor(metadata: MetadataPort, snapshots: Snapshots) {
    this.#metadata = metadata;
    this.#snapshots = snapshots;
  }

  async list(): Promise<StorageDescription[]> {
    return [...(await this.#all())].map(([id, { value }]) => ({ id, ...value }));
  }

  /** @throws {ProblemError} 404 */
  async get(id: string): Promise<StorageDescription> {
    const found = (await this.#all()).get(id);
    if (!found) throw noSuchStorage(id);
    return { id, ...found.value };
  }

  /** The id of the storage of new event types. */
  async defaultId(at?: Snapshot): Promise<string> {
    return [...(await this.#all(at))].find(([, { value }]) => value.default)?.[0] ?? OWN_STORAGE;
  }

  /** @throws {ProblemError} 422 */
  async demandKnown(id: string | null, at?: Snapshot): Promise<string> {
    if (id !== null && (await this.#all(at)).has(id)) return id;
    throw new ProblemError(422, `No storage with id: ${String(id)}`);
  }

  /** @throws {ProblemError} 400, 409, 422 */
  async create(body: unknown): Promise<StorageDescription> {
    const members = Members.of(body);
    const [id, type] = [members.text("id"), members.text("storage_type")];
    if (id === null || !ID.test(id)) throw new ProblemError(422, "The id of a storage is a lower-case name");
    if (type !== "kafka") throw new ProblemError(422, `Type '${type ?? "null"}' is not a valid storage type`);
    const configuration = members.raw("kafka_configuration");
    if (!isObject(configuration)) throw new ProblemError(422, "kafka_configuration must be an object");
    if (nestsDeeper(configuration, MAX_DEPTH))
      throw new ProblemError(422, `kafka_configuration must not nest deeper than ${MAX_DEPTH} levels`);
    const value: StoredStorage = { storage_type: type, kafka_configuration: configuration, default: false };
    const taken = (await this.#all()).has(id);
    const write = { kind: KIND, id, expect: "absent", value } as const;
    if (taken || (await this.#metadata.write([write])) === "conflict") {
      throw new ProblemError(409, `Storage with id '${id}' already exists`);
    }
    return { id, ...value };
  }

  /**
   * @param isUsed whether a timeline is in the storage
   * @throws {ProblemError} 403 for one in use, 404
   */
  async remove(id: string, isUsed: (id: string) => Promise<boolean>): Promise<StorageDescription> {
    for (;;) {
      const found = (await this.#all()).get(id);
      if (!found) throw noSuchStorage(id);
      if (found.value.default || id === OWN_STORAGE || (await isUsed(id)))
        throw new ProblemError(403, "Storage is being used");
      const removal = { kind: KIND, id, expect: found.version, remove: true } as const;
      if ((await this.#metadata.write([removal])) === "written") return { id, ...found.value };
    }
  }

  /** @throws {ProblemError} 404 */
  async makeDefault(id: string): Promise<StorageDescription> {
    for (;;) {
      const all = await this.#all();
      const chosen = all.get(id);
      if (!chosen) throw noSuchStorage(id);
      const writes = [...all]
        .filter(([one, { value }]) => value.default !== (one === id))
        .map(([one, { value, version }]): Write => {
          const expect = version === UNWRITTEN ? "absent" : version;
          return { kind: KIND, id: one, expect, value: { ...value, default: one === id } };
        });
      if (writes.length === 0 || (await this.#metadata.write(writes)) === "written") {
        return { id, ...chosen.value, default: true };
      }
    }
  }

  async #all(at?: Snapshot): Promise<ReadonlyMap<string, { value: StoredStorage; version: number }>> {
    const stored = await (at ?? (await this.#snapshots.take())).records<StoredStorage>(KIND);
    return new Map([[OWN_STORAGE, { value: OWN, version: UNWRITTEN }], ...stored]);
  }
}

/** The version of a record that is not stored yet. */
const UNWRITTEN = 0;

/** Nesting of a stored configuration: `JSON.stringify` fails at depths that `JSON.parse` accepts. */
const MAX_DEPTH = 100;

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => nestsDeeper(part, levels - 1));
}

function noSuchStorage(id: string): ProblemError {
  return new ProblemError(404, `No storage with id ${id}`);
}
