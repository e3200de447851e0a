/** Sends commits, each with the stream id of its cursors, with retries of transient failures (protocol 3.13, SPEC rule 1). */
import {
  type Clock,
  type CommitItemResult,
  type Cursor,
  Header,
  laneKey,
  type LaneKey,
  MediaType,
} from "nakadi-protocol";
import { type CommitItem, HttpError, NakadiError, ProtocolError, SessionLostError } from "../errors/nakadi-error.ts";
import type { HttpCall, HttpPipeline } from "../transport/http-pipeline.ts";
import { pathOf } from "../transport/base-url.ts";
import { pause } from "../transport/pause.ts";
import type { BufferedResponse } from "../transport/transport.ts";
import { backoffMs, type BackoffOptions } from "./backoff.ts";

export interface CommitResult {
  /** `outdated` if any item is: its position was committed before. */
  readonly result: CommitItemResult;
  /** In the order of the cursors. */
  readonly items: readonly CommitItem[];
}

export interface CommitterParts {
  pipeline: HttpPipeline;
  subscription: string;
  clock: Clock;
  random: () => number;
  retry: BackoffOptions;
  /** 0: no retry. */
  maxElapsedMs: number;
  onRetry: (error: NakadiError, delayMs: number) => void;
}

/** The outcome of a commit: the accepted items, and the refusals of lanes that the server has taken away. */
export interface CommitOutcome {
  items: readonly CommitItem[];
  lost: readonly SessionLostError[];
}

export class Committer {
  readonly #parts: CommitterParts;
  readonly #path: string;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
    this.#path = pathOf("subscriptions", parts.subscription, "cursors");
  }

  /**
   * Commits cursors of one stream. When the server refuses several lanes together, each lane is committed alone: a lane that is
   * refused alone is lost, the others continue. The text of the refusal is not parsed.
   * @param noRetry aborted: failures are not retried
   */
  async commit(
    cursors: readonly Cursor[],
    streamId: string,
    noRetry: AbortSignal,
    signal?: AbortSignal,
  ): Promise<CommitOutcome> {
    const together = await this.#post(cursors, streamId, noRetry, signal);
    if (!(together instanceof SessionLostError)) return { items: together, lost: [] };
    const lanes = byLane(cursors);
    if (lanes.size === 1) return { items: [], lost: [together] };
    const items: CommitItem[] = [];
    const lost: SessionLostError[] = [];
    for (const alone of lanes.values()) {
      const outcome = await this.#post(alone, streamId, noRetry, signal);
      if (outcome instanceof SessionLostError) lost.push(outcome);
      else items.push(...outcome);
    }
    return { items, lost };
  }

  async #post(
    cursors: readonly Cursor[],
    streamId: string,
    noRetry: AbortSignal,
    signal: AbortSignal | undefined,
  ): Promise<readonly CommitItem[] | SessionLostError> {
    const call: HttpCall = {
      method: "POST",
      path: this.#path,
      headers: { [Header.streamId]: streamId, accept: MediaType.json },
      json: { items: cursors.map(wireCursor) },
      urgent: true,
    };
    const response = await this.#sendWithRetries(call, noRetry, signal);
    if (response.status === 204) return cursors.map((cursor) => ({ cursor, result: "committed" }));
    if (response.status === 200) return itemsOf(call, response, cursors);
    const { problem, request } = this.#parts.pipeline.errorOf(call, response, response.body);
    return new SessionLostError(streamId, problem?.detail ?? "the stream has ended", {
      request,
      lanes: [...byLane(cursors).keys()],
    });
  }

  /** Returns a response of 200, 204 or 422; @throws the error of any other. */
  async #sendWithRetries(
    call: HttpCall,
    noRetry: AbortSignal,
    signal: AbortSignal | undefined,
  ): Promise<BufferedResponse> {
    const { pipeline, clock, retry, random, maxElapsedMs, onRetry } = this.#parts;
    const startedMs = clock.monotonicMs();
    for (let failures = 0; ; failures += 1) {
      try {
        const response = await pipeline.exchange(call, signal);
        if ([200, 204, 422].includes(response.status)) return response;
        throw pipeline.errorOf(call, response, response.body);
      } catch (error) {
        if (!NakadiError.is(error) || signal?.aborted || noRetry.aborted || !isTransient(error)) throw error;
        const askedMs = error instanceof HttpError ? error.retryAfterMs : undefined;
        const delayMs = backoffMs(failures, retry, random(), askedMs);
        if (clock.monotonicMs() - startedMs + delayMs > maxElapsedMs) throw error;
        onRetry(error, delayMs);
        await pause(clock, delayMs, signal, noRetry);
        if (noRetry.aborted) throw error;
      }
    }
  }
}

/** A commit is retried when its response was lost or transient: at worst the second one is `outdated`. */
function isTransient(error: NakadiError): boolean {
  return error.retryable && error.code !== "PROTOCOL";
}

/** Exactly the four members of the wire's cursor. */
function wireCursor({ partition, offset, event_type, cursor_token }: Cursor): Cursor {
  return { partition, offset, event_type, cursor_token };
}

function itemsOf({ method, path }: HttpCall, { body }: BufferedResponse, cursors: readonly Cursor[]): CommitItem[] {
  const unreadable = (): never => {
    throw new ProtocolError("the response to a commit has no result for each cursor", {
      request: `${method} ${path}`,
    });
  };
  let items: unknown;
  try {
    ({ items } = JSON.parse(new TextDecoder().decode(body)) as { items?: unknown });
  } catch {
    unreadable();
  }
  if (!Array.isArray(items) || items.length !== cursors.length) return unreadable();
  return cursors.map((cursor, index) => {
    const { result } = (items as ({ result?: unknown } | null)[])[index] ?? {};
    return result === "committed" || result === "outdated" ? { cursor, result } : unreadable();
  });
}

function byLane(cursors: readonly Cursor[]): Map<LaneKey, Cursor[]> {
  const lanes = new Map<LaneKey, Cursor[]>();
  for (const cursor of cursors) lanes.set(laneKey(cursor), [...(lanes.get(laneKey(cursor)) ?? []), cursor]);
  return lanes;
}
