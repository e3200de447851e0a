/** Commits: each with the stream that its cursors came from, tried again where that can help (protocol 3.13, design 3.3). */
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
  /** 0: tried once. */
  maxElapsedMs: number;
  onRetry: (error: NakadiError, delayMs: number) => void;
}

/** What became of a commit: the items that were taken, and the refusals of lanes that the server has taken away. */
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
   * Commits cursors of one stream. When the server refuses several lanes together, each is committed alone: those that are
   * refused alone are lost, the others go on. No sentence is read for this.
   * @param once aborted: nothing is tried again
   */
  async commit(
    cursors: readonly Cursor[],
    streamId: string,
    once: AbortSignal,
    signal?: AbortSignal,
  ): Promise<CommitOutcome> {
    const together = await this.#post(cursors, streamId, once, signal);
    if (!(together instanceof SessionLostError)) return { items: together, lost: [] };
    const lanes = byLane(cursors);
    if (lanes.size === 1) return { items: [], lost: [together] };
    const items: CommitItem[] = [];
    const lost: SessionLostError[] = [];
    for (const alone of lanes.values()) {
      const outcome = await this.#post(alone, streamId, once, signal);
      if (outcome instanceof SessionLostError) lost.push(outcome);
      else items.push(...outcome);
    }
    return { items, lost };
  }

  async #post(
    cursors: readonly Cursor[],
    streamId: string,
    once: AbortSignal,
    signal: AbortSignal | undefined,
  ): Promise<readonly CommitItem[] | SessionLostError> {
    const call: HttpCall = {
      method: "POST",
      path: this.#path,
      headers: { [Header.streamId]: streamId, accept: MediaType.json },
      json: { items: cursors.map(wireCursor) },
      urgent: true,
    };
    const response = await this.#tryUntilDone(call, once, signal);
    if (response.status === 204) return cursors.map((cursor) => ({ cursor, result: "committed" }));
    if (response.status === 200) return itemsOf(call, response, cursors);
    const { problem, request } = this.#parts.pipeline.errorOf(call, response, response.body);
    return new SessionLostError(streamId, problem?.detail ?? "the stream is gone", {
      request,
      lanes: [...byLane(cursors).keys()],
    });
  }

  /** An answer of 200, 204 or 422; every other is thrown. */
  async #tryUntilDone(call: HttpCall, once: AbortSignal, signal: AbortSignal | undefined): Promise<BufferedResponse> {
    const { pipeline, clock, retry, random, maxElapsedMs, onRetry } = this.#parts;
    const startedMs = clock.monotonicMs();
    for (let failures = 0; ; failures += 1) {
      try {
        const response = await pipeline.exchange(call, signal);
        if ([200, 204, 422].includes(response.status)) return response;
        throw pipeline.errorOf(call, response, response.body);
      } catch (error) {
        if (!NakadiError.is(error) || signal?.aborted || once.aborted || !isTransient(error)) throw error;
        const askedMs = error instanceof HttpError ? error.retryAfterMs : undefined;
        const delayMs = backoffMs(failures, retry, random(), askedMs);
        if (clock.monotonicMs() - startedMs + delayMs > maxElapsedMs) throw error;
        onRetry(error, delayMs);
        await pause(clock, delayMs, signal, once);
        if (once.aborted) throw error;
      }
    }
  }
}

/** A commit may be sent again when its answer was lost or said "later": a second one is at worst outdated. */
function isTransient(error: NakadiError): boolean {
  return error.retryable && error.code !== "PROTOCOL";
}

/** Exactly the four members of the wire's cursor. */
function wireCursor({ partition, offset, event_type, cursor_token }: Cursor): Cursor {
  return { partition, offset, event_type, cursor_token };
}

function itemsOf({ method, path }: HttpCall, { body }: BufferedResponse, cursors: readonly Cursor[]): CommitItem[] {
  const unreadable = (): never => {
    throw new ProtocolError("the answer to a commit does not say what became of each cursor", {
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
