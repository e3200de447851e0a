/** Health, version and metrics of the server (protocol 5.9, 6.1). */
import type { PartitionStrategy, ServerMetrics, ServerVersion } from "nakadi-protocol";
import type { CallOptions, JsonApi } from "./json-api.ts";

/** All methods throw HttpError, TransportError, TimeoutError or ProtocolError. */
export class Server {
  readonly #api: JsonApi;

  constructor(api: JsonApi) {
    this.#api = api;
  }

  /** `OK` from a healthy server. Needs no token. */
  async health(options?: CallOptions): Promise<string> {
    return this.#api.text("/health", options);
  }

  async version(options?: CallOptions): Promise<ServerVersion> {
    return this.#api.get("/version", options);
  }

  async metrics(options?: CallOptions): Promise<ServerMetrics> {
    return this.#api.get("/metrics", options);
  }

  /** Metrics of HTTP requests. */
  async requestMetrics(options?: CallOptions): Promise<ServerMetrics> {
    return this.#api.get("/request-metrics", options);
  }

  /** Metrics of streams. */
  async streamMetrics(options?: CallOptions): Promise<ServerMetrics> {
    return this.#api.get("/stream-metrics", options);
  }

  /** The server's OpenAPI document; a real Nakadi rejects with 404 unless the feature is enabled. */
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
