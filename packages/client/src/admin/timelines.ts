/** Generations of the storage behind an event type, for whoever operates the server (protocol 6.6). */
import type { Timeline } from "nakadi-protocol";
import { text } from "../options/checks.ts";
import { pathOf } from "../transport/base-url.ts";
import type { CallOptions, JsonApi } from "./json-api.ts";
import type { Listing } from "./listing.ts";

/** All methods throw ConfigError, HttpError, TransportError, TimeoutError or ProtocolError. */
export class Timelines {
  readonly #api: JsonApi;

  constructor(api: JsonApi) {
    this.#api = api;
  }

  /** In their order. */
  list(eventType: string, options?: CallOptions): Listing<Timeline> {
    return this.#api.whole(pathOf("event-types", eventType, "timelines"), options);
  }

  /**
   * Begins another one; readers go on from one to the other without noticing. Rejects with 422 for a storage that does not
   * exist and for compacted event types, with 409 while another switch is under way. For Nakadi's admins.
   */
  async create(eventType: string, storageId: string, options?: CallOptions): Promise<void> {
    const body = { storage_id: text("storageId", storageId) };
    await this.#api.send("POST", pathOf("event-types", eventType, "timelines"), body, options);
  }
}
