/** What the server says about itself (protocol 5.9, 6.1). */
import type { PartitionStrategy, ServerMetrics, ServerVersion } from "nakadi-protocol";
import type { CallOptions, JsonApi } from "./json-api.ts";

/** All methods throw HttpError, TransportError, TimeoutError or ProtocolError. */
export class Server {
  readonly #api: JsonApi;

  constructor(api: JsonApi) {
    this.#api = api;
  }

  /** `OK`, if it is. Needs no token. */
  async health(options?: CallOptions): Promise<string> {
    return this.#api.text("/health", options);
  }

  async version(options?: CallOptions): Promise<ServerVersion> {
    return this.#api.get("/version", options);
  }

  async metrics(options?: CallOptions): Promise<ServerMetrics> {
    return this.#api.get("/metrics", options);
  }

  /** Those of HTTP requests. */
  async requestMetrics(options?: CallOptions): Promise<ServerMetrics> {
    return this.#api.get("/request-metrics", options);
  }

  /** Those of streams. */
  async streamMetrics(options?: CallOptions): Promise<ServerMetrics> {
    return this.#api.get("/stream-metrics", options);
  }

  /** The server's own OpenAPI document; a real Nakadi rejects with 404 where it is not switched on. */
  async api(options?: CallOptions): Promise<Record<string, unknown>> {
    return this.#api.get("/api", options);
  }

  async partitionStrategies(options?: CallOptions): Promise<PartitionStrategy[]> {
    return this.#api.list("/registry/partition-strategies", options);
  }

  async enrichmentStrategies(options?: CallOptions): Promise<string[]> {
    return this.#api.list("/registry/enrichment-strategies", options);
  }
}
