/** Bugs of broker, consumer and publisher that a chaos run must find. */
import { CRASH_PLANTS } from "./crash-plants.ts";
import type { Plant } from "./plant.ts";

const CONSUMER: readonly Plant[] = [
  {
    name: "commit-when-received",
    what: "a batch counts as done when it comes",
    in: "consumer",
    find: "session.works.add(work);",
    replace: 'session.works.add(work); session.tracker.done(work.ticket, "commit", 1, clock.monotonicMs());',
  },
  {
    name: "forget-failures",
    what: "a handler that failed counts as one that did not",
    in: "consumer",
    find: "await this.#failed(part, result.error);",
    replace: "this.#done(part, undefined);",
  },
  {
    name: "lose-batches",
    what: "one batch in a hundred never comes to its handler",
    in: "consumer",
    find: "this.#parts.sink.push(batch);",
    replace: "if (Math.random() > 0.01) this.#parts.sink.push(batch);",
  },
  {
    name: "handle-stale-batches",
    what: "batches of a stream that is over are handled all the same",
    in: "consumer",
    find: "this.#lose(session, (work) => !mayFinish(work), reason);",
    replace: "void mayFinish;",
  },
  {
    name: "overtake-failures",
    what: "what waits to be tried again is overtaken by what is behind it in its lane",
    in: "consumer",
    find: "strand.restUntilMs = untilMs;",
    replace: "strand.parts.push(strand.parts.shift()); strand.restUntilMs = untilMs;",
  },
  {
    name: "no-dead-letters",
    what: "events that are given up are committed without their dead letters",
    in: "consumer",
    find: "await this.#deliverWithRetries(this.#letterFor(part, event, raws[index] ?? EMPTY, error), signal);",
    replace: "void event;",
  },
];

const PUBLISHER: readonly Plant[] = [
  {
    name: "no-answer-is-success",
    what: "a request without an answer counts as stored",
    in: "publisher",
    find: 'status: sent ? "unknown" : "aborted",',
    replace: 'status: "submitted",',
  },
  {
    name: "no-answer-is-failure",
    what: "a request without an answer counts as not stored",
    in: "publisher",
    find: 'status: sent ? "unknown" : "aborted",',
    replace: 'status: "aborted",',
  },
  {
    name: "hide-duplicates",
    what: "a possible duplicate is not reported",
    in: "publisher",
    find: "mayBeDuplicated: stores > 1",
    replace: "mayBeDuplicated: false",
  },
  {
    name: "keys-side-by-side",
    what: "several batches with events of one key are under way at once",
    in: "publisher",
    find: "lane.inFlight = true;",
    replace: "",
  },
  {
    name: "stop-at-once",
    what: "a publisher that is stopped gives up what it has accepted",
    in: "publisher",
    find: "\tthis.#batcher.flush();",
    replace: "\tvoid this.close();",
  },
];

const BROKER: readonly Plant[] = [
  ...CRASH_PLANTS,
  {
    name: "start-too-late",
    what: "a stream leaves out the first event behind the committed position",
    in: "broker",
    find: "this.#nextToRead = at.ordinal + 1;",
    replace: "this.#nextToRead = at.ordinal + 2;",
  },
  {
    name: "start-too-early",
    what: "a stream begins with the event that was committed last",
    in: "broker",
    find: "this.#nextToRead = at.ordinal + 1;",
    replace: "this.#nextToRead = Math.max(0, at.ordinal);",
  },
  {
    name: "append-twice",
    what: "each event is stored twice",
    in: "broker",
    ofStorage: true,
    find: "to.place(records, timestampMs, HEADROOM)",
    replace: "to.place([...records, ...records], timestampMs, HEADROOM)",
  },
  {
    name: "append-backwards",
    what: "the events of a batch are stored in reverse order",
    in: "broker",
    ofStorage: true,
    find: "to.place(records, timestampMs, HEADROOM)",
    replace: "to.place([...records].reverse(), timestampMs, HEADROOM)",
  },
];

export const CHAOS_PLANTS: readonly Plant[] = [...CONSUMER, ...PUBLISHER, ...BROKER];
