/** Makes one attempt to open a stream: a connection, or an error with its verdict. */
import { Header, isUuid, MediaType } from "nakadi-protocol";
import { HttpError, type NakadiError, nakadiError, NoFreeSlotError, ProtocolError } from "../errors/nakadi-error.ts";
import { pathOf, queryOf } from "../transport/base-url.ts";
import type { HttpCall, HttpPipeline } from "../transport/http-pipeline.ts";
import type { StreamResponse } from "../transport/transport.ts";
import type { StreamSettings } from "./options.ts";
import type { Verdict } from "./session-machine.ts";

const ACCEPT = `${MediaType.stream}, ${MediaType.problem}`;

export type Opening =
  | { kind: "opened"; response: StreamResponse; streamId: string }
  | { kind: "refused"; error: NakadiError; verdict: Verdict };

export interface Opener {
  /** Method and path, for messages. */
  readonly request: string;
  /** Never rejects; an abort returns a refusal, which the caller ignores. */
  open(signal: AbortSignal): Promise<Opening>;
}

/** Opens the streams of a subscription. A response without a stream id is refused, because its batches could not be committed. */
export class StreamOpener implements Opener {
  readonly request: string;
  readonly #pipeline: HttpPipeline;
  readonly #call: HttpCall;
  readonly #headTimeoutMs: number;

  constructor(pipeline: HttpPipeline, subscription: string, { parameters }: StreamSettings, headTimeoutMs: number) {
    const path = pathOf("subscriptions", subscription, "events");
    const { partitions, ...query } = parameters;
    this.#call =
      partitions === undefined
        ? { method: "GET", path: path + queryOf(query), headers: { accept: ACCEPT } }
        : { method: "POST", path, headers: { accept: ACCEPT }, json: parameters };
    this.request = `${this.#call.method} ${path}`;
    this.#pipeline = pipeline;
    this.#headTimeoutMs = headTimeoutMs;
  }

  async open(signal: AbortSignal): Promise<Opening> {
    try {
      const response = await this.#pipeline.openStream(this.#call, this.#headTimeoutMs, signal);
      if (response.status !== 200) return judged(await this.#pipeline.errorOfStream(this.#call, response));
      const streamId = response.headers[Header.streamId];
      if (streamId !== undefined && isUuid(streamId)) return { kind: "opened", response, streamId };
      response.close();
      const { request } = this;
      const error = new ProtocolError("the stream has no X-Nakadi-StreamId, so nothing could be committed", {
        request,
      });
      return { kind: "refused", error, verdict: "transient" };
    } catch (thrown) {
      return refusal(thrown, this.request);
    }
  }
}

/** The verdict on an error of opening: without a response a retry may help, unless an option is wrong. */
export function refusal(thrown: unknown, request: string): Opening {
  if (thrown instanceof HttpError) return judged(thrown);
  const error = nakadiError(thrown, { request });
  const fatal = error.code === "CONFIG" || error.code === "CURSOR_STORE";
  return { kind: "refused", error, verdict: fatal ? "fatal" : "transient" };
}

/** The verdict on each status. The texts of "no free slot" and "reset in progress" are not distinguishable reliably. */
function judged(error: HttpError): Opening {
  const { status } = error;
  if (status === 409) return { kind: "refused", error: new NoFreeSlotError(error), verdict: "no-slot" };
  const transient = status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501);
  return { kind: "refused", error, verdict: transient ? "transient" : "fatal" };
}
