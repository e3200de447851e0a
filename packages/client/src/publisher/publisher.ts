/** Publishing batches of events of one type (protocol 4.1). */
import { MediaType } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { pathOf } from "../transport/base-url.ts";
import type { HttpCall, HttpPipeline } from "../transport/http-pipeline.ts";
import { PublishError } from "./publish-error.ts";
import { type PublishResult, SUBMITTED, verdictsOf } from "./verdict.ts";

export interface Publisher<E = unknown> {
  readonly eventType: string;
  /**
   * Sends the events in one request. Nothing is sent for `[]`.
   * @throws {PublishError} if the server did not store every event; {HttpError} if it refused the request as a whole;
   *   {TransportError}, {TimeoutError} if there was no answer, and then any of them may be stored
   */
  publish(events: readonly E[], options?: { signal?: AbortSignal }): Promise<PublishResult>;
}

export class EventTypePublisher<E> implements Publisher<E> {
  readonly eventType: string;
  readonly #pipeline: HttpPipeline;

  constructor(pipeline: HttpPipeline, eventType: string) {
    this.#pipeline = pipeline;
    this.eventType = eventType;
  }

  async publish(events: readonly E[], { signal }: { signal?: AbortSignal } = {}): Promise<PublishResult> {
    if (!Array.isArray(events)) throw new ConfigError("events", "an array");
    if (events.length === 0) return { verdicts: [] };
    const call: HttpCall = {
      method: "POST",
      path: pathOf("event-types", this.eventType, "events"),
      headers: { accept: `${MediaType.json}, ${MediaType.problem}` },
      json: events,
    };
    const response = await this.#pipeline.exchange(call, signal);
    if (response.status === 200) return { verdicts: events.map(() => SUBMITTED) };
    const verdicts = verdictsOf(response.status, itemsOf(response.body), events.length);
    if (verdicts) throw new PublishError(verdicts, { request: `${call.method} ${call.path}` });
    throw this.#pipeline.errorOf(call, response, response.body);
  }
}

function itemsOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch {
    return undefined;
  }
}
