/** Schemas of event types, in all their versions (protocol 5.5, 5.6). */
import type { Schema, SchemaCompatibility } from "nakadi-protocol";
import { pathOf } from "../transport/base-url.ts";
import { type CallOptions, foundOrNot, type JsonApi } from "./json-api.ts";
import type { Listing } from "./listing.ts";

type SchemaText = Pick<Schema, "type" | "schema">;

/** All methods throw ConfigError, HttpError, TransportError, TimeoutError or ProtocolError. */
export class Schemas {
  readonly #api: JsonApi;

  constructor(api: JsonApi) {
    this.#api = api;
  }

  /** All versions, newest first, page by page. */
  list(eventType: string, options?: CallOptions): Listing<Schema> {
    return this.#api.pages<Schema>(pathOf("event-types", eventType, "schemas"), {}, { offset: 0 }, options);
  }

  /** @param version `major.minor.patch`. Default `latest` */
  async get(eventType: string, version = "latest", options?: CallOptions): Promise<Schema> {
    return this.#api.get(pathOf("event-types", eventType, "schemas", version), options);
  }

  /** Makes it the current schema, like an update of the event type. Rejects with 422 if it is incompatible with the current one. */
  async add(eventType: string, { type, schema }: SchemaText, options?: CallOptions): Promise<void> {
    await this.#api.send("POST", pathOf("event-types", eventType, "schemas"), { type, schema }, options);
  }

  /** The newest version with an equal schema, without regard to white space; `undefined` if there is none. */
  async find(eventType: string, { type, schema }: SchemaText, options?: CallOptions): Promise<Schema | undefined> {
    const path = pathOf("event-types", eventType, "schemas");
    const found = await foundOrNot(this.#api.ask<Schema>(`${path}?fetch=true`, { type, schema }, options));
    // A missing event type is a 404 too; this request rejects for it.
    if (!found) await this.get(eventType, "latest", options);
    return found;
  }

  /** Whether a schema is compatible with a version. Default: the latest. Nothing is changed. */
  async checkCompatibility(
    eventType: string,
    schema: string,
    { version = "latest", ...options }: CallOptions & { version?: string } = {},
  ): Promise<SchemaCompatibility> {
    const path = pathOf("event-types", eventType, "schemas", version, "compatibility-check");
    return this.#api.ask(path, { schema }, options);
  }
}
