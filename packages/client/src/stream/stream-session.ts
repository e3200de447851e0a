/**
 * Keeps a stream open: one connection at a time, each closed before the next. The driver of the session machine: passes events to
 * it, carries out its effects, and pushes batches to a sink.
 */
import { type BatchLine, type Clock, type LaneKey, laneKey, type Steps, type Timer } from "nakadi-protocol";
import { HttpError, type NakadiError, ProtocolError, SessionLostError } from "../errors/nakadi-error.ts";
import { holdProcess } from "../transport/hold-process.ts";
import { sharedSignal } from "../transport/shared-signal.ts";
import type { StreamResponse } from "../transport/transport.ts";
import { backoffMs } from "./backoff.ts";
import type { Batch, StreamCursor } from "./batch.ts";
import type { BatchSink } from "./batch-sink.ts";
import type { StreamObservers } from "./observers.ts";
import type { ReadingSettings } from "./reading-options.ts";
import {
  INITIAL_STATE,
  type MachineSettings,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
  step,
} from "./session-machine.ts";
import { StreamConnection } from "./stream-connection.ts";
import type { Opener } from "./stream-opener.ts";

export type StreamState = SessionState["kind"];

export interface StreamSessionParts<E> {
  opener: Opener;
  settings: Pick<ReadingSettings, "retry" | "maxLineBytes" | "idleLimitMs"> & MachineSettings;
  /** Parses a line of the stream. @throws {BatchLineError} */
  readLine: (line: Uint8Array) => Steps<BatchLine>;
  sink: BatchSink<E>;
  observers: Pick<StreamObservers, "retry" | "healthy">;
  /** If given, a stream that ended regularly is over only when this returns true: the program has all of its batches. */
  allTaken?: () => boolean;
  watcher?: StreamWatcher;
  clock: Clock;
  random: () => number;
}

/** Receives state changes and messages of a session. */
interface StreamWatcher {
  /** The state has changed; `reason` is the error that caused it, if any. */
  state(state: StreamState, reason: NakadiError | undefined): void;
  /** A message of the server in `info.debug`, with a batch or a keep-alive at that position. */
  message(text: string, cursor: StreamCursor): void;
}

export class StreamSession<E> {
  readonly #parts: StreamSessionParts<E>;
  readonly #ending = new AbortController();
  #state: SessionState = INITIAL_STATE;
  #connection: StreamConnection<E> | undefined;
  #opening: AbortController | undefined;
  #waiting: Timer | undefined;
  /** Lanes of the open stream; false once the server has taken the lane away. */
  #lanes = new Map<LaneKey, boolean>();

  constructor(parts: StreamSessionParts<E>) {
    this.#parts = parts;
  }

  /** Opens the first stream; once. */
  start(): void {
    this.#connect();
  }

  get state(): StreamState {
    return this.#state.kind;
  }

  /** Aborted when the stream is closed or has failed. */
  get ended(): AbortSignal {
    return sharedSignal(this.#ending.signal);
  }

  /** The sink has room again. */
  drain(): void {
    this.#connection?.drain();
  }

  /** Closes at once; idempotent. */
  close(): void {
    this.#dispatch({ kind: "close" });
  }

  /** Fails with an error that a retry does not change. */
  fail(error: NakadiError): void {
    this.#dispatch({ kind: "fatal", error });
  }

  /** A position advanced, so the back-off starts over. */
  progressed(): void {
    this.#dispatch({ kind: "progressed" });
  }

  /** A commit was refused. Affects only the stream that the lanes belonged to, never a newer one. */
  loseLanes(streamId: string, lost: ReadonlySet<LaneKey>): void {
    if (this.#connection?.streamId !== streamId) return;
    for (const lane of lost) this.#lanes.set(lane, false);
    this.#parts.sink.dropLanes(lost);
    if ([...this.#lanes.values()].some(Boolean)) return;
    this.#ended(new SessionLostError(streamId, "the server has taken every lane of the stream away"));
  }

  #dispatch(event: SessionEvent): void {
    const { state, effects } = step(this.#state, event, this.#parts.settings);
    const changed = state.kind !== this.#state.kind;
    this.#state = state;
    if (changed) this.#parts.watcher?.state(state.kind, "error" in event ? event.error : undefined);
    for (const effect of effects) this.#perform(effect);
  }

  #ended(error: NakadiError | undefined): void {
    this.#dispatch({ kind: "ended", error, atMs: this.#parts.clock.monotonicMs() });
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case "connect":
        this.#connect();
        return;
      case "drop":
        this.#drop();
        return;
      case "wait":
        this.#wait(effect);
        return;
      case "cancel-wait":
        this.#waiting?.cancel();
        return;
      case "notify-healthy":
        this.#parts.observers.healthy();
        return;
      case "finish":
        this.#drop();
        this.#ending.abort();
        this.#parts.sink.finish(effect.error);
    }
  }

  #drop(): void {
    this.#opening?.abort(new ProtocolError("the stream was closed"));
    this.#opening = undefined;
    this.#connection?.close();
    this.#connection = undefined;
    this.#lanes = new Map();
    this.#parts.sink.drop();
  }

  #wait({ failures, cause, alarm }: Extract<SessionEffect, { kind: "wait" }>): void {
    const { settings, random, clock, observers } = this.#parts;
    const askedMs = cause instanceof HttpError ? cause.retryAfterMs : undefined;
    const delayMs = backoffMs(Math.max(0, failures), settings.retry, random(), askedMs);
    const release = holdProcess();
    const timer = clock.schedule(delayMs, () => {
      release();
      this.#dispatch({ kind: "due" });
    });
    this.#waiting = {
      cancel: () => {
        release();
        timer.cancel();
      },
    };
    if (alarm) observers.retry(alarm, delayMs);
  }

  #connect(): void {
    const opening = new AbortController();
    this.#opening = opening;
    void this.#open(opening);
  }

  async #open(attempt: AbortController): Promise<void> {
    const { clock, opener } = this.#parts;
    const opening = await opener.open(attempt.signal);
    if (attempt.signal.aborted) {
      if (opening.kind === "opened") opening.response.close();
      return;
    }
    if (opening.kind === "refused") {
      this.#dispatch({ ...opening, atMs: clock.monotonicMs() });
      return;
    }
    const connection = this.#connectionOf(opening.response, opening.streamId);
    this.#opening = undefined;
    this.#connection = connection;
    this.#dispatch({ kind: "opened", atMs: clock.monotonicMs() });
    // An observer may have closed the stream just now.
    if (this.#connection === connection) connection.start();
  }

  #connectionOf(response: StreamResponse, streamId: string): StreamConnection<E> {
    const { clock, opener, settings, readLine, sink, allTaken, watcher } = this.#parts;
    return new StreamConnection<E>({
      response,
      streamId,
      request: opener.request,
      clock,
      readLine,
      maxLineBytes: settings.maxLineBytes,
      idleLimitMs: settings.idleLimitMs,
      hasRoom: () => !sink.full,
      hasMuchRoom: () => sink.low,
      allTaken,
      batch: (batch) => this.#take(batch),
      keepAlive: (cursor) => sink.keepAlive?.(cursor),
      message: (text, cursor) => watcher?.message(text, cursor),
      over: (error, fatal) => {
        if (fatal && error) this.fail(error);
        else this.#ended(error);
      },
    });
  }

  #take(batch: Batch<E>): void {
    const lane = laneKey(batch.cursor);
    if (this.#lanes.get(lane) === false) {
      // The server kept the lane or returned it. Its dropped batches are redelivered only in another stream.
      const message = "a lane that was lost has come back";
      this.#ended(new SessionLostError(batch.streamId, message, { lanes: [lane] }));
      return;
    }
    this.#lanes.set(lane, true);
    if (this.#state.kind === "streaming" && !this.#state.useful) this.#dispatch({ kind: "batch" });
    this.#parts.sink.push(batch);
  }
}
