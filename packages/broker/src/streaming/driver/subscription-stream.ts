/**
 * The driver of one subscription stream: carries what log, clock and socket say into the pure session, and what the
 * session says to them. Everything that may change the session ends in `#pump`.
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

/** How soon a stream looks again whether its node's lease was renewed. */
const UNSAFE_MS = 100;

export interface SubscriptionStreamParts {
  id: string;
  subscription: string;
  eventTypes: readonly string[];
  session: SubscriptionSession;
  storage: Storage;
  clock: Clock;
  /** Hints may be lost, so everything is looked at anew this often. */
  pollMs: number;
  /** Milliseconds that a reset of cursors may take. */
  longestResetMs: number;
  snapshots: Snapshots;
  /** As it is stored. @throws {ProblemError} 404; 403 where the client may not read it any more */
  eventType: (name: string, at: Snapshot) => Promise<StoredEventType>;
  /** The lease of this node under which the session lives: nothing is sent unless it is safe. */
  stay: Stay;
  deadLetterRules: DeadLetterRules | undefined;
  deadLetters: DeadLetterQueue;
  batchLimit: number;
  report: StreamReport;
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
  readonly #writes: SessionWrites;
  readonly #hints: readonly Disposable[];
  #resolveEnded: () => void = () => undefined;
  #sink: StreamSink | undefined;
  #timer: Timer | undefined;
  #poll: Timer | undefined;
  #pumping = false;
  /** Commits were looked for after the time for them was up. */
  #looked = false;
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
    // What was hinted at while it settled has not been looked at yet.
    this.#sync.invalidate("progress");
    this.#pump();
  }

  /** Instead of `start`, for a stream that cannot begin: nothing is read any more, and `ended` resolves. */
  abandon(): void {
    this.#session.end();
    for (const hint of this.#hints) hint[Symbol.dispose]();
    this.#readers.close();
    this.#resolveEnded();
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

  /** Dead letters that are sent once more are read too, by some streams. */
  #listen(): Disposable[] {
    const { coordination, metadata } = this.#parts.storage;
    const changed = (eventType: string): void => {
      if (this.#reads(eventType)) this.#sync.invalidate("event-types");
    };
    const names = new Set([...this.eventTypes, DEAD_LETTER_REDRIVE]);
    return [
      coordination.onChange(this.subscription, (what, partitions) => {
        // A commit of another stream moves nothing of this one, but for a partition that is just being taken up.
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
    if (this.#pumping || this.#finishing || !this.#sink || this.#mustLook()) return;
    this.#pumping = true;
    for (const output of this.#session.advance(this.#nowMs, this.#sink.writable)) this.#carryOut(output, this.#sink);
    this.#pumping = false;
    if (this.#finishing) return;
    this.#readers.read(this.#session.wanted());
    this.#schedule();
  }

  /**
   * Whether nothing may happen yet. A node that stood still may have lost its lease: then the stream is ended, or it goes on
   * as soon as the lease is renewed. A commit by way of another node may not have been hinted at: then the stream looks.
   */
  #mustLook(): boolean {
    if (this.#session.phase !== "ended" && !this.#parts.stay.isSafe()) {
      this.#timer?.cancel();
      this.#timer = this.#parts.clock.schedule(UNSAFE_MS, () => this.#pump());
      return true;
    }
    const isDue = this.#session.isCommitDue(this.#nowMs);
    const mustLook = isDue && !this.#looked;
    this.#looked = isDue;
    if (mustLook) this.#sync.invalidate("progress");
    return mustLook;
  }

  #carryOut(output: SessionOutput, sink: StreamSink): void {
    switch (output.kind) {
      case "batch":
        // What was said just before the lease was lost is not said any more.
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
