/**
 * A stream of an event type without a subscription: the contract of a subscription's stream, with positions in the program's store
 * (protocol 5.10).
 */
import { type BatchLine, type Clock, eventTypeLineSteps, type Steps } from "nakadi-protocol";
import type { EventTypes } from "../admin/event-types.ts";
import { HttpError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import type { Batch } from "../stream/batch.ts";
import { abortSignal } from "../options/checks.ts";
import { BatchQueue } from "../stream/batch-queue.ts";
import { BatchReading } from "../stream/batch-reading.ts";
import type { BatchStream } from "../stream/batch-stream.ts";
import type { CommitResult } from "../stream/committer.ts";
import { type Committable, cursorsOf } from "../stream/cursors-by-stream.ts";
import { StreamObservers } from "../stream/observers.ts";
import { StreamSession, type StreamState } from "../stream/stream-session.ts";
import type { HttpPipeline } from "../transport/http-pipeline.ts";
import { EndWatch } from "./end-watch.ts";
import { EventTypeOpener } from "./event-type-opener.ts";
import type { LogPosition } from "./log-position.ts";
import type { EventTypeStreamSettings, ExpiredCursor } from "./options.ts";
import type { PositionOptions } from "./positions.ts";
import { ReadPositions } from "./read-positions.ts";
import { StoredPositions } from "./stored-positions.ts";

export interface EventTypeStreamParts {
  pipeline: HttpPipeline;
  eventTypes: EventTypes;
  /** The same, each request tried once: a stream that is being opened is tried again as a whole. */
  eventTypesOnce: EventTypes;
  eventType: string;
  settings: EventTypeStreamSettings;
  positionsOf: (eventType: string, at: LogPosition, options: PositionOptions) => ReturnType<EventTypes["shift"]>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  /** Milliseconds until the head of a stream must be there. */
  headTimeoutMs: number;
  /** Called once when the stream is closed or has failed. */
  done: () => void;
}

export class EventTypeBatchStream<E> implements BatchStream<E> {
  readonly #parts: EventTypeStreamParts;
  readonly #session: StreamSession<E>;
  readonly #reading: BatchReading<E>;
  readonly #observers: StreamObservers;
  readonly #positions: ReadPositions;
  readonly #stored: StoredPositions;
  #endWatch: EndWatch | undefined;

  constructor(parts: EventTypeStreamParts) {
    this.#parts = parts;
    const { pipeline, eventTypes, eventType, settings, clock, random, logger, headTimeoutMs, done } = parts;
    this.#observers = new StreamObservers(settings, logger);
    this.#stored = new StoredPositions({ eventTypes, eventType, store: settings.store });
    this.#positions = new ReadPositions({
      eventTypes: parts.eventTypesOnce,
      eventType,
      settings,
      positionsOf: parts.positionsOf,
      begun: (cursors) => this.#stored.begun(cursors),
      expired: (cursor) => this.#expired(cursor),
    });
    const queue = new BatchQueue<E>(
      { batches: settings.bufferedBatches, bytes: settings.bufferedBytes },
      {
        drained: () => this.#session.drain(),
        taken: (batch) => this.#taken(batch),
        quiet: (cursor) => this.#endWatch?.quiet(cursor),
      },
    );
    this.#session = new StreamSession({
      opener: new EventTypeOpener({
        pipeline,
        eventType,
        parameters: settings.parameters,
        headTimeoutMs,
        positions: this.#positions,
        endWatch: () => this.#endWatch,
        prepared: (signal) => this.#watchEnd(signal),
      }),
      settings: { ...settings, quietSlotMs: 0 },
      readLine: (line) => completeLine(line, eventType),
      sink: queue,
      // Positions are those of what was taken: a stream that is opened before would begin with what waits.
      allTaken: () => queue.empty,
      observers: this.#observers,
      clock,
      random,
    });
    this.#reading = new BatchReading(queue, this.#session);
    this.#session.ended.addEventListener("abort", () => this.#endWatch?.close(), { once: true });
    this.#session.ended.addEventListener("abort", done, { once: true });
    this.#session.start();
  }

  get state(): StreamState {
    return this.#session.state;
  }

  nextBatch({ signal }: { signal?: AbortSignal } = {}): Promise<Batch<E> | undefined> {
    return this.#reading.nextBatch(signal);
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch<E>, undefined> {
    return this.#reading.iterator();
  }

  async commit(
    what: Committable<E> | readonly Committable<E>[],
    { signal, streamId }: { signal?: AbortSignal; streamId?: string } = {},
  ): Promise<CommitResult> {
    const cursors = cursorsOf(what, streamId);
    const result = await this.#stored.commit(cursors, abortSignal("options.signal", signal));
    if (result.items.length > 0) this.#observers.healthy();
    return result;
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #taken({ cursor }: Batch<E>): void {
    this.#positions.taken(cursor);
    this.#stored.delivered(cursor);
    this.#endWatch?.taken(cursor);
    // The next stream begins behind it.
    this.#session.progressed();
  }

  /** Finds the end once, when it is known where reading begins. */
  async #watchEnd(signal: AbortSignal): Promise<void> {
    const { settings, eventTypesOnce, eventType, positionsOf, clock } = this.#parts;
    this.#endWatch?.reopened();
    if (settings.until === undefined || this.#endWatch) return;
    const at = this.#positions.cursors;
    const partitions = at.map(({ partition }) => partition);
    const ends = await positionsOf(eventType, settings.until, { partitions, signal });
    const watch = new EndWatch({
      clock,
      distances: async (pairs) => {
        const asked = pairs.map(({ from, to }) => ({ initial_cursor: from, final_cursor: to }));
        const answers = await eventTypesOnce.distances(eventType, asked, { signal: this.#session.ended });
        return answers.map(({ distance }) => distance);
      },
      progress: (progress) => this.#observers.tell(() => settings.onProgress?.(progress)),
      reached: () => this.#session.close(),
    });
    try {
      await watch.begin(at, ends);
    } catch (error) {
      // What is to be measured from a timeline that is gone, the log does not hold.
      if (!(error instanceof HttpError) || error.status !== 422) throw error;
      if (!(await this.#positions.replaceExpired(error, signal))) throw error;
      await watch.begin(this.#positions.cursors, ends);
    }
    if (!signal.aborted) this.#endWatch = watch;
  }

  #expired(cursor: ExpiredCursor): void {
    const { logger, eventType, settings } = this.#parts;
    logger.warn({ eventType, ...cursor }, "position not in the log; replaced");
    this.#observers.tell(() => settings.onExpired?.(cursor));
  }
}

/** Cursors here have none, and every cursor has one. */
const NO_TOKEN = "none";

/** The server names the partition only; the rest is what every cursor has. */
function* completeLine(line: Uint8Array, event_type: string): Steps<BatchLine> {
  const { cursor, ...rest } = yield* eventTypeLineSteps(line);
  return { ...rest, cursor: { ...cursor, event_type, cursor_token: NO_TOKEN } };
}
