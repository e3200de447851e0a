/** Settings of the server, for its admins (protocol 6.2 to 6.4). */
import type { Admins, Blacklist, BlacklistType, Feature } from "nakadi-protocol";
import { pathOf } from "../transport/base-url.ts";
import type { CallOptions, JsonApi } from "./json-api.ts";

/** All methods throw ConfigError, HttpError, TransportError, TimeoutError or ProtocolError; HttpError 403 for callers that are not admins. */
export class Settings {
  readonly #api: JsonApi;

  constructor(api: JsonApi) {
    this.#api = api;
  }

  /** Applications and event types that may not consume or publish. */
  async blacklist(options?: CallOptions): Promise<Blacklist> {
    return this.#api.get("/settings/blacklist", options);
  }

  /**
   * Blocks an application or event type from consuming or publishing: requests are refused with 403 and open streams end.
   * Idempotent; the name need not exist.
   */
  async block(type: BlacklistType, name: string, options?: CallOptions): Promise<void> {
    await this.#api.send("PUT", pathOf("settings", "blacklist", type, name), undefined, options);
  }

  /** Idempotent. */
  async unblock(type: BlacklistType, name: string, options?: CallOptions): Promise<void> {
    await this.#api.send("DELETE", pathOf("settings", "blacklist", type, name), undefined, options);
  }

  async features(options?: CallOptions): Promise<Feature[]> {
    return this.#api.items("/settings/features", options);
  }

  /** Rejects with 400 for an unknown name. */
  async setFeature(feature: string, enabled: boolean, options?: CallOptions): Promise<void> {
    await this.#api.send("POST", "/settings/features", { feature, enabled }, options);
  }

  async admins(options?: CallOptions): Promise<Admins> {
    return this.#api.get("/settings/admins", options);
  }

  /** Replaces all three lists. Rejects with 422 if one is empty. */
  async setAdmins(admins: Admins, options?: CallOptions): Promise<void> {
    await this.#api.send("POST", "/settings/admins", admins, options);
  }
}
