/** Timelines of an event type, the generations of its storage; for operators of the server (protocol 6.6). */
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

  /** The timelines, oldest first. */
  list(eventType: string, options?: CallOptions): Listing<Timeline> {
    return this.#api.whole(pathOf("event-types", eventType, "timelines"), options);
  }

  /**
   * Starts a new timeline; open streams continue across the switch. Rejects with 422 for an unknown storage and for compacted event
   * types, with 409 during another switch. For Nakadi's admins.
   */
  async create(eventType: string, storageId: string, options?: CallOptions): Promise<void> {
    const body = { storage_id: text("storageId", storageId) };
    await this.#api.send("POST", pathOf("event-types", eventType, "timelines"), body, options);
  }
}
