/**
 * What a program is told about its consumer. What an observer throws, or rejects with, is its own affair.
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
  /** What went wrong, if anything. */
  reason: NakadiError | undefined;
}

export interface CommitOverdue {
  streamId: string;
  /** Milliseconds since the server's commit timer started over. */
  ageMs: number;
  commitTimeoutMs: number;
  /** What is not done, oldest first in each lane. */
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
  /** Something is tried again in `delayMs`: opening, reading, a commit, a handler (code HANDLER), a dead-letter sink. */
  onRetry?: (error: NakadiError, delayMs: number) => void;
  /** After each opened stream and each successful commit. */
  onHealthy?: () => void;
  /** Five sixths of the commit timeout are over and something is still uncommitted: the session is about to be lost. */
  onCommitOverdue?: (overdue: CommitOverdue) => void;
  /** Retention passed before events were read. */
  onEventsLost?: (lost: EventsLost) => void;
  /** What the server says to people, as far as it is understood. */
  onServerMessage?: (said: ServerSaid) => void;
  /** The consumer has failed: what `done` rejects with. */
  onFailed?: (error: NakadiError) => void;
}

type Told = Required<ConsumerObservers>;

/** Calls an observer, if there is one. */
export class Observers {
  readonly #observers: ConsumerObservers;
  readonly #logger: Logger;

  constructor(observers: ConsumerObservers, logger: Logger) {
    this.#observers = observers;
    this.#logger = logger;
  }

  /** Whether somebody listens. */
  has(name: keyof ConsumerObservers): boolean {
    return this.#observers[name] !== undefined;
  }

  tell<N extends keyof Told>(name: N, ...told: Parameters<Told[N]>): void {
    const observer = this.#observers[name] as ((...told: Parameters<Told[N]>) => unknown) | undefined;
    tellObserver(
      () => observer?.(...told),
      (error) => this.#logger.error({ error }, `${name} of a consumer has thrown`),
    );
  }
}
