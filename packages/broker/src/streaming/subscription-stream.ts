/**
 * The driver of one subscription stream: carries what log, clock and socket say into the pure session, and what the
 * session says to them. Everything that may change the session ends in `#pump`.
 */
import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "nakadi-protocol";
import type { Axis } from "../log/axis.ts";
import { ProblemError } from "../problems.ts";
import { NoSuchLogError, type PartitionKey, type Storage } from "../storage/ports.ts";
import { batchLine } from "./batch-line.ts";
import { handOver, leave, linger, splitKey } from "./group.ts";
import { PartitionReaders } from "./partition-readers.ts";
import { SessionSync, type Suspicion } from "./session-sync.ts";
import type { StreamSink } from "./stream-sink.ts";
import type { Batch, SubscriptionSession } from "./subscription-session.ts";

/** Hints may be lost, so everything is looked at anew this often. */
const POLL_MS = 5_000;

export interface SubscriptionStreamParts {
  id: string;
  subscription: string;
  eventTypes: readonly string[];
  session: SubscriptionSession;
  storage: Storage;
  clock: Clock;
  /** The axis of a partition, from the event type as it is now. */
  axisOf: (partition: PartitionKey) => Promise<Axis>;
  /** Told about a storage that fails; the stream ends then. */
  onError: (error: unknown) => void;
}

export class SubscriptionStream {
  readonly id: string;
  readonly subscription: string;
  readonly eventTypes: readonly string[];
  /** Resolves when the session is gone and the body has ended. */
  readonly ended: Promise<void>;
  readonly #parts: SubscriptionStreamParts;
  readonly #session: SubscriptionSession;
  readonly #readers: PartitionReaders;
  readonly #sync: SessionSync;
  #resolveEnded: () => void = () => undefined;
  #sink: StreamSink | undefined;
  #timer: Timer | undefined;
  #poll: Timer | undefined;
  #pumping = false;
  #finishing = false;

  constructor(parts: SubscriptionStreamParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.subscription = parts.subscription;
    this.eventTypes = parts.eventTypes;
    this.#session = parts.session;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#readers = new PartitionReaders(parts.storage.log, {
      received: (partition, from, { records, next }) => {
        this.#session.received(partition, from, records, next);
        this.#pump();
      },
      stirred: () => this.#pump(),
      failed: (error) => this.#fail(error),
    });
    this.#sync = new SessionSync({
      ...parts,
      readers: this.#readers,
      changed: () => this.#pump(),
      failed: (error) => this.#fail(error),
    });
  }

  /** Takes over what the group assigns right now, so that its positions are known before the stream begins. */
  async settle(): Promise<void> {
    await this.#sync.settle();
  }

  /** Begins to send into `sink`. Call it once, after `settle`. */
  start(sink: StreamSink): void {
    this.#sink = sink;
    sink.onWritable(() => this.#pump());
    sink.onGone(() => {
      this.#session.close(undefined);
      this.#pump();
      if (this.#session.phase !== "ended") this.#linger();
    });
    this.#schedulePoll();
    this.#pump();
  }

  /** What is stored may have changed. */
  hint(what: Suspicion): void {
    this.#sync.suspect(what);
  }

  /** Whether a partition of the event type is its own. */
  reads(eventType: string): boolean {
    for (const partition of this.#session.partitions) if (splitKey(partition).eventType === eventType) return true;
    return false;
  }

  /** Says why in a last line, and ends once everything sent is committed or the time for it is up. */
  close(debug: string): void {
    this.#session.close(debug);
    this.#pump();
  }

  /** Ends at once, as at the broker's stop. */
  async stop(): Promise<void> {
    this.#session.end();
    this.#pump();
    await this.ended;
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #pump(): void {
    if (this.#pumping || this.#finishing || !this.#sink) return;
    this.#pumping = true;
    for (const output of this.#session.advance(this.#nowMs, this.#sink.writable)) {
      if (output.kind === "batch") this.#sink.write(this.#lineOf(output));
      else if (output.kind === "release") this.#release(output.partition);
      else this.#finishing = true;
    }
    this.#pumping = false;
    if (this.#finishing) {
      void this.#finish(this.#sink);
      return;
    }
    this.#readers.read(this.#session.wanted());
    this.#schedule();
  }

  #lineOf({ partition, offset, events, debug }: Batch): Uint8Array {
    const { eventType, partition: number } = splitKey(partition);
    const cursor = `{"partition":"${number}","offset":"${offset}","event_type":"${eventType}","cursor_token":"${randomUUID()}"}`;
    return batchLine(cursor, events, debug);
  }

  #schedule(): void {
    this.#timer?.cancel();
    const dueMs = this.#session.nextDueMs(this.#sink?.writable ?? false);
    this.#timer = Number.isFinite(dueMs)
      ? this.#parts.clock.schedule(Math.max(0, Math.ceil(dueMs - this.#nowMs)), () => this.#pump())
      : undefined;
  }

  #schedulePoll(): void {
    this.#poll = this.#parts.clock.schedule(POLL_MS, () => {
      this.#readers.suspectAll();
      this.#sync.suspect("group", "timelines", "progress");
      this.#schedulePoll();
    });
  }

  #release(partition: PartitionKey): void {
    this.#sync.forget(partition);
    const { coordination } = this.#parts.storage;
    handOver(coordination, this.subscription, this.id, partition).catch((error: unknown) => this.#fail(error));
  }

  #linger(): void {
    linger(this.#parts.storage.coordination, this.subscription, this.id).catch((error: unknown) => this.#fail(error));
  }

  /** An event type that was deleted ends its streams too (protocol 3.11). */
  #fail(error: unknown): void {
    if (this.#session.phase === "ended") return;
    if (!(error instanceof NoSuchLogError || error instanceof ProblemError)) this.#parts.onError(error);
    this.#session.end();
    this.#pump();
  }

  /** The session goes before the body ends: whoever reads the end finds the slot free. */
  async #finish(sink: StreamSink): Promise<void> {
    this.#timer?.cancel();
    this.#poll?.cancel();
    this.#readers.close();
    try {
      await leave(this.#parts.storage.coordination, this.subscription, this.id);
    } catch (error) {
      this.#parts.onError(error);
    }
    sink.end();
    this.#resolveEnded();
  }
}
