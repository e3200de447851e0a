/**
 * What becomes of an event that cannot be handled: an envelope with all that is known, for a sink.
 * @pure
 */

/** Its first members are those of the server's own dead letters (protocol 3.12.4). */
export interface DeadLetter<E = unknown> {
  subscription_id: string;
  event_type: string;
  partition: string;
  /** Of the batch that the event was in. */
  offset: string;
  error: { name: string; message: string };
  event: E;
  /** Tries that have failed. */
  attempts: number;
  /** ISO 8601. */
  first_failed_at: string;
  failed_at: string;
}

export interface DeadLetterContext {
  /** Aborted when the session is gone, when the sink takes too long, and when the time to stop is over. */
  readonly signal: AbortSignal;
  /** Publishes through the consumer's own client, until `signal` is aborted; rejects unless every event was stored. */
  publish(eventType: string, events: readonly unknown[]): Promise<void>;
}

/** What a consumer publishes dead letters with. */
export type PublishLetters = (eventType: string, events: readonly unknown[], signal: AbortSignal) => Promise<void>;

/** Resolves when the letter is safe. What it throws is a failure: it is called again, and in the end the consumer stops. */
export type DeadLetterSink<E = unknown> = (letter: DeadLetter<E>, context: DeadLetterContext) => void | Promise<void>;

/** Publishes dead letters as events of a type; one of category `business` gets its metadata from the publisher. */
export function toEventType(name: string): DeadLetterSink {
  return (letter, { publish }) => publish(name, [letter]);
}

export function errorOfLetter(thrown: unknown): DeadLetter["error"] {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message };
  return { name: typeof thrown, message: typeof thrown === "string" ? thrown : "" };
}
