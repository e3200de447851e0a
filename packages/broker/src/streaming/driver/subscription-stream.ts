/**
 * The driver of one subscription stream: passes records, commits, time and writability to the pure session, and carries out
 * its outputs. Each change of the session is followed by `#pump`.
 */
import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "nakadi-protocol";
import { NoSuchLogError } from "nakadi-storage";
import type { PartitionKey, Storage } from "nakadi-storage";
import { EVENT_TYPE_KIND } from "../../event-types/catalogue.ts";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import { DEAD_LETTER_REDRIVE } from "../../event-types/system-event-types.ts";
import { CursorError } from "../../positions/cursor-position.ts";
import type { Snapshot, Snapshots } from "../../metadata-snapshot.ts";
import type { Stay } from "../../node-membership.ts";
import { ProblemError } from "../../problems.ts";
import { batchLine } from "../batch-line.ts";
import type { DeadLetterQueue } from "../../dead-letters/dead-letter-queue.ts";
import type { StreamReport } from "../../reports/stream-report.ts";
import type { DeadLetterRules } from "../../dead-letters/dead-letter-annotations.ts";
import { splitPartitionKey } from "../../positions/partition-key.ts";
import { PartitionAxes } from "../reading/partition-axes.ts";
import { PartitionReaders } from "../reading/partition-readers.ts";
import { SessionSync } from "./session-sync.ts";
import { SessionWrites } from "./session-writes.ts";
import type { StreamSink } from "../stream-sink.ts";
import type { Batch, SessionOutput, SubscriptionSession } from "../session/subscription-session.ts";

/** Milliseconds after which a stream checks again whether its node's lease is safe. */
const LEASE_CHECK_MS = 100;

export interface SubscriptionStreamParts {
  id: string;
  subscription: string;
  eventTypes: readonly string[];
  session: SubscriptionSession;
  storage: Storage;
  clock: Clock;
  /** Milliseconds between two polls, since hints may be lost. */
  pollMs: number;
  /** Milliseconds that a reset of cursors may take. */
  longestResetMs: number;
  snapshots: Snapshots;
  /** The stored event type. @throws {ProblemError} 404; 403 where the client may not read it any more */
  eventType: (name: string, at: Snapshot) => Promise<StoredEventType>;
  /** The lease of this node under which the session lives: nothing is sent unless it is safe. */
  stay: Stay;
  deadLetterRules: DeadLetterRules | undefined;
  deadLetters: DeadLetterQueue;
  batchLimit: number;
  report: StreamReport;
  /** Called with a failure of the storage, which ends the stream. */
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
  readonly #writes: SessionWrites;
  readonly #hints: readonly Disposable[];
  #resolveEnded: () => void = () => undefined;
  #sink: StreamSink | undefined;
  #timer: Timer | undefined;
  #poll: Timer | undefined;
  #pumping = false;
  /** The progress was read after the commit timeout was reached. */
  #isProgressRead = false;
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
    this.#readers = new PartitionReaders(parts.storage.log, parts.subscription, {
      onRecords: (partition, from, read) => {
        this.#session.received(partition, from, read);
        this.#pump();
      },
      onDataAvailable: () => this.#pump(),
      onFailure: (error) => this.#fail(error),
    });
    const axes = new PartitionAxes();
    const common = { ...parts, axes, failed: (error: unknown): void => this.#fail(error) };
    this.#sync = new SessionSync({ ...common, readers: this.#readers, changed: () => this.#pump() });
    this.#writes = new SessionWrites({ ...common, coordination: parts.storage.coordination });
    this.#hints = this.#listen();
  }

  /**
   * Takes over what the group assigns right now, so that its positions are known before the stream begins.
   * @throws {CursorError} for a position that cannot be read from
   */
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
      if (this.#session.phase !== "ended") this.#writes.linger(this.#session.outstanding);
    });
    this.#schedulePoll();
    // Hints during `settle` are not handled yet.
    this.#sync.invalidate("progress");
    this.#pump();
  }

  /** Instead of `start`, for a stream that cannot begin: it stops reading, and `ended` resolves. */
  abandon(): void {
    this.#session.end();
    for (const hint of this.#hints) hint[Symbol.dispose]();
    this.#readers.close();
    this.#resolveEnded();
  }

  /** Sends `debug` in a last line, and ends when all sent events are committed, or at the commit timeout. */
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

  /** Some streams read the events for redrive too. */
  #listen(): Disposable[] {
    const { coordination, metadata } = this.#parts.storage;
    const changed = (eventType: string): void => {
      if (this.#reads(eventType)) this.#sync.invalidate("event-types");
    };
    const names = new Set([...this.eventTypes, DEAD_LETTER_REDRIVE]);
    return [
      coordination.onChange(this.subscription, (what, partitions) => {
        // A commit of another stream concerns this one only if it is being assigned the partition.
        const concerns = partitions?.some((partition) => this.#session.nextToRead(partition) !== undefined) ?? true;
        if (concerns || this.#sync.isLooking) this.#sync.invalidate(what);
      }),
      ...Array.from(names, (name) => metadata.onWrite(EVENT_TYPE_KIND, name, changed)),
    ];
  }

  #reads(eventType: string): boolean {
    if (this.eventTypes.includes(eventType)) return true;
    return [...this.#session.partitions].some((partition) => splitPartitionKey(partition).eventType === eventType);
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #pump(): void {
    if (this.#pumping || this.#finishing || !this.#sink || this.#mustWait()) return;
    this.#pumping = true;
    for (const output of this.#session.advance(this.#nowMs, this.#sink.writable)) this.#carryOut(output, this.#sink);
    this.#pumping = false;
    if (this.#finishing) return;
    this.#readers.read(this.#session.wanted());
    this.#schedule();
  }

  /**
   * Whether the session must not run yet. After a pause of the process the lease may be lost: the stream goes on when it is
   * renewed, or is ended. The hint of a commit on another node may be lost: the progress is read before a commit timeout.
   */
  #mustWait(): boolean {
    if (this.#session.phase !== "ended" && !this.#parts.stay.isSafe()) {
      this.#timer?.cancel();
      this.#timer = this.#parts.clock.schedule(LEASE_CHECK_MS, () => this.#pump());
      return true;
    }
    const isDue = this.#session.isCommitDue(this.#nowMs);
    const mustRead = isDue && !this.#isProgressRead;
    this.#isProgressRead = isDue;
    if (mustRead) this.#sync.invalidate("progress");
    return mustRead;
  }

  #carryOut(output: SessionOutput, sink: StreamSink): void {
    switch (output.kind) {
      case "batch":
        // The lease may be lost since `advance` began.
        return this.#parts.stay.isSafe() ? sink.write(this.#lineOf(output)) : undefined;
      case "skip":
        return this.#writes.skip(output);
      case "autocommit":
        return this.#writes.commit(output.partition, output.to);
      case "release":
        this.#sync.forgetPartition(output.partition);
        return this.#writes.release(output.partition);
      case "end":
        this.#finishing = true;
        return void this.#finish(sink, output.failed);
    }
  }

  #lineOf({ partition, offset, events, debug }: Batch): Uint8Array {
    const { eventType, partition: number } = splitPartitionKey(partition);
    const cursor = `{"partition":"${number}","offset":"${offset}","event_type":"${eventType}","cursor_token":"${randomUUID()}"}`;
    const line = batchLine(cursor, events, debug);
    this.#parts.report.sent(eventType, events.length, line.length);
    return line;
  }

  #schedule(): void {
    this.#timer?.cancel();
    const dueMs = this.#session.nextDueMs(this.#sink?.writable ?? false);
    this.#timer = Number.isFinite(dueMs)
      ? this.#parts.clock.schedule(Math.max(0, Math.ceil(dueMs - this.#nowMs)), () => this.#pump())
      : undefined;
  }

  #schedulePoll(): void {
    this.#poll = this.#parts.clock.schedule(this.#parts.pollMs, () => {
      this.#readers.invalidateAll();
      this.#sync.invalidate("group", "event-types", "progress");
      this.#schedulePoll();
    });
  }

  /** Positions that cannot be read from and event types that are gone end their streams too (protocol 3.7, 3.11). */
  #fail(error: unknown): void {
    const expected = error instanceof NoSuchLogError || error instanceof ProblemError || error instanceof CursorError;
    if (!expected) this.#parts.onError(error);
    this.#session.end();
    this.#pump();
  }

  /** The session goes before the body ends: a client that reads the end finds the slot free. */
  async #finish(sink: StreamSink, failed: ReadonlyMap<PartitionKey, number>): Promise<void> {
    this.#timer?.cancel();
    this.#poll?.cancel();
    this.#readers.close();
    for (const hint of this.#hints) hint[Symbol.dispose]();
    await this.#writes.leave(failed);
    this.#parts.report.end();
    sink.end();
    this.#resolveEnded();
  }
}
