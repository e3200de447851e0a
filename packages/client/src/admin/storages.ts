/** Storages of event types, for operators of the server (protocol 6.5). */
import type { Storage } from "nakadi-protocol";
import { pathOf } from "../transport/base-url.ts";
import type { CallOptions, JsonApi } from "./json-api.ts";
import type { Listing } from "./listing.ts";

/** All methods throw ConfigError, HttpError, TransportError, TimeoutError or ProtocolError; HttpError 403 for callers that are not admins. */
export class Storages {
  readonly #api: JsonApi;

  constructor(api: JsonApi) {
    this.#api = api;
  }

  list(options?: CallOptions): Listing<Storage> {
    return this.#api.whole("/storages", options);
  }

  async get(id: string, options?: CallOptions): Promise<Storage> {
    return this.#api.get(pathOf("storages", id), options);
  }

  /** Rejects with 409 if the id exists. */
  async create(storage: Storage, options?: CallOptions): Promise<void> {
    await this.#api.send("POST", "/storages", storage, options);
  }

  /** Rejects with 403 while an event type uses it. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#api.send("DELETE", pathOf("storages", id), undefined, options);
  }

  /** Makes it the storage of new event types. */
  async setDefault(id: string, options?: CallOptions): Promise<void> {
    await this.#api.send("PUT", pathOf("storages", "default", id), undefined, options);
  }
}
