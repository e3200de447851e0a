/** Event types and their partitions (protocol 5.2, 5.7). */
import type { EventType, Partition } from "nakadi-protocol";
import { pathOf, queryOf } from "../transport/base-url.ts";
import type { CallOptions, JsonApi } from "./json-api.ts";

/** All methods throw HttpError, TransportError, TimeoutError or ProtocolError. */
export class EventTypes {
  readonly #api: JsonApi;

  constructor(api: JsonApi) {
    this.#api = api;
  }

  /** Rejects with status 409 if there is one of that name. */
  async create(eventType: EventType, options?: CallOptions): Promise<void> {
    await this.#api.send("POST", "/event-types", eventType, options);
  }

  async get(name: string, options?: CallOptions): Promise<EventType> {
    return this.#api.get(pathOf("event-types", name), options);
  }

  /** All of them, or those of one owner. */
  async list({ owningApplication, ...options }: CallOptions & { owningApplication?: string } = {}): Promise<
    EventType[]
  > {
    return this.#api.get(`/event-types${queryOf({ owning_application: owningApplication })}`, options);
  }

  async delete(name: string, options?: CallOptions): Promise<void> {
    await this.#api.send("DELETE", pathOf("event-types", name), undefined, options);
  }

  /** What is readable in each partition, in no order. */
  async partitions(name: string, options?: CallOptions): Promise<Partition[]> {
    return this.#api.get(pathOf("event-types", name, "partitions"), options);
  }
}
