/**
 * The observers of a consumer. An error of an observer is logged and ignored.
 * @pure
 */
import type { EventTypePartition } from "nakadi-protocol";
import type { NakadiError } from "../../errors/nakadi-error.ts";
import type { Logger } from "../../observability/logger.ts";
import { tellObserver } from "../../observability/observer.ts";
import type { StreamState } from "../../stream/stream-session.ts";
import type { ServerMessage } from "../reading/server-message.ts";

/**
 * `connecting`, `streaming`, `backing-off`, `waiting-for-slot` as the stream's (the best one of several), then `draining`,
 * and in the end `stopped` or `failed`.
 */
export type ConsumerState = Exclude<StreamState, "closed"> | "draining" | "stopped";

export interface StateChange {
  state: ConsumerState;
  previous: ConsumerState;
  /** The error that caused the change, if any. */
  reason: NakadiError | undefined;
}

export interface CommitOverdue {
  streamId: string;
  /** Milliseconds since the server's commit timer started over. */
  ageMs: number;
  commitTimeoutMs: number;
  /** Batches that are not done, oldest first in each lane. */
  waiting: readonly { lane: EventTypePartition; offset: string }[];
}

export interface EventsLost extends EventTypePartition {
  streamId: string;
  /** Events that the server had deleted before they were read. */
  count: number;
}

export interface ServerSaid extends EventTypePartition {
  streamId: string;
  message: ServerMessage;
}

export interface ConsumerObservers {
  onState?: (change: StateChange) => void;
  /** Called before a retry in `delayMs` of opening, reading, a commit, a handler (code HANDLER) or a dead-letter sink. */
  onRetry?: (error: NakadiError, delayMs: number) => void;
  /** After each opened stream and each successful commit. */
  onHealthy?: () => void;
  /** Five sixths of the commit timeout have passed with uncommitted batches: the session is about to be lost. */
  onCommitOverdue?: (overdue: CommitOverdue) => void;
  /** Retention deleted events before they were read. */
  onEventsLost?: (lost: EventsLost) => void;
  /** A message of the server in `info.debug`, parsed where its form is known. */
  onServerMessage?: (said: ServerSaid) => void;
  /** The consumer has failed; `done` rejects with the same error. */
  onFailed?: (error: NakadiError) => void;
}

type Notified = Required<ConsumerObservers>;

/** Calls an observer, if there is one. */
export class Observers {
  readonly #observers: ConsumerObservers;
  readonly #logger: Logger;

  constructor(observers: ConsumerObservers, logger: Logger) {
    this.#observers = observers;
    this.#logger = logger;
  }

  /** Whether the program has this observer. */
  has(name: keyof ConsumerObservers): boolean {
    return this.#observers[name] !== undefined;
  }

  notify<N extends keyof Notified>(name: N, ...values: Parameters<Notified[N]>): void {
    const observer = this.#observers[name] as ((...values: Parameters<Notified[N]>) => unknown) | undefined;
    tellObserver(
      () => observer?.(...values),
      (error) => this.#logger.error({ error }, `observer ${name} of a consumer threw`),
    );
  }
}
