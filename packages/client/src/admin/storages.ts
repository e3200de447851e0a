/** Where event types are stored, for whoever operates the server (protocol 6.5). */
import type { Storage } from "nakadi-protocol";
import { pathOf } from "../transport/base-url.ts";
import type { CallOptions, JsonApi } from "./json-api.ts";
import type { Listing } from "./listing.ts";

/** All methods throw ConfigError, HttpError, TransportError, TimeoutError or ProtocolError; 403 for who is no admin of Nakadi. */
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

  /** Rejects with 409 if there is one of that id. */
  async create(storage: Storage, options?: CallOptions): Promise<void> {
    await this.#api.send("POST", "/storages", storage, options);
  }

  /** Rejects with 403 while it is used. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#api.send("DELETE", pathOf("storages", id), undefined, options);
  }

  /** New event types go there from now on. */
  async setDefault(id: string, options?: CallOptions): Promise<void> {
    await this.#api.send("PUT", pathOf("storages", "default", id), undefined, options);
  }
}
