/** One attempt to open a stream without a subscription, from the positions where it is to go on (protocol 5.10). */
import { Header, MediaType } from "nakadi-protocol";
import { pathOf, queryOf } from "../transport/base-url.ts";
import type { HttpCall, HttpPipeline } from "../transport/http-pipeline.ts";
import { type Opener, type Opening, refusal } from "../stream/stream-opener.ts";
import type { EndWatch } from "./end-watch.ts";
import type { EventTypeStreamSettings } from "./options.ts";
import type { ReadPositions } from "./read-positions.ts";

export interface EventTypeOpenerParts {
  pipeline: HttpPipeline;
  eventType: string;
  parameters: EventTypeStreamSettings["parameters"];
  headTimeoutMs: number;
  positions: ReadPositions;
  /** There once reading has begun, if it is to end. */
  endWatch: () => EndWatch | undefined;
  /** After the positions are known, before each stream. */
  prepared: (signal: AbortSignal) => Promise<void>;
}

/** What the server says to positions that the log does not hold. */
const PRECONDITION_FAILED = 412;

export class EventTypeOpener implements Opener {
  readonly request: string;
  readonly #parts: EventTypeOpenerParts;
  readonly #path: string;

  constructor(parts: EventTypeOpenerParts) {
    this.#parts = parts;
    this.#path = pathOf("event-types", parts.eventType, "events");
    this.request = `GET ${this.#path}`;
  }

  async open(signal: AbortSignal): Promise<Opening> {
    const { positions, prepared } = this.#parts;
    try {
      await positions.prepare(signal);
      await prepared(signal);
      signal.throwIfAborted();
      return await this.#openStream(signal, true);
    } catch (thrown) {
      return refusal(thrown, this.request);
    }
  }

  async #openStream(signal: AbortSignal, first: boolean): Promise<Opening> {
    const { pipeline, headTimeoutMs, positions } = this.#parts;
    const call = this.#call();
    const response = await pipeline.openStream(call, headTimeoutMs, signal);
    // A name for the connection: the server has none for streams that nothing is committed with.
    if (response.status === 200) return { kind: "opened", response, streamId: crypto.randomUUID() };
    const error = await pipeline.errorOfStream(call, response);
    if (error.status !== PRECONDITION_FAILED || !(await positions.replaceExpired(error, signal))) throw error;
    if (first) return this.#openStream(signal, false);
    // Retention is faster than we are: not at once again.
    return { kind: "refused", error, verdict: "transient" };
  }

  #call(): HttpCall {
    const { parameters, positions, endWatch } = this.#parts;
    const watch = endWatch();
    const cursors = positions.cursors.filter(({ partition }) => !watch?.done(partition));
    return {
      method: "GET",
      path: this.#path + queryOf(parameters),
      headers: { accept: `${MediaType.stream}, ${MediaType.problem}`, [Header.cursors]: JSON.stringify(cursors) },
    };
  }
}
