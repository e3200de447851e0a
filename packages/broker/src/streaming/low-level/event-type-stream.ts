/** The driver of one low-level stream: log, clock and socket around the pure session (protocol 5.10). */
import type { Clock, Timer } from "nakadi-protocol";
import { NoSuchLogError } from "nakadi-storage";
import type { LogPort, PartitionKey } from "nakadi-storage";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import type { Axis } from "../../positions/axis.ts";
import type { NodeMembership } from "../../node-membership.ts";
import { ProblemError } from "../../problems.ts";
import type { StreamReport } from "../../reports/stream-report.ts";
import { batchLine } from "../batch-line.ts";
import type { EventTypeBatch, EventTypeSession } from "./event-type-session.ts";
import { splitPartitionKey } from "../../positions/partition-key.ts";
import { PartitionAxes } from "../reading/partition-axes.ts";
import type { Mark } from "../session/partition-window.ts";
import { PartitionReaders } from "../reading/partition-readers.ts";
import type { StreamSink } from "../stream-sink.ts";

/** Milliseconds after which a stream checks again whether its node's lease is safe. */
const LEASE_CHECK_MS = 100;

export interface EventTypeStreamParts {
  session: EventTypeSession;
  /** Nothing is sent while this node holds no lease that is safe. */
  membership: Pick<NodeMembership, "isSafe">;
  log: LogPort;
  clock: Clock;
  /** Milliseconds between two polls, since hints may be lost. */
  pollMs: number;
  /** The stored event type. @throws {ProblemError} 404 */
  eventType: () => Promise<StoredEventType>;
  /** Calls `hint` when what is stored of the event type may have changed. */
  onChange: (hint: () => void) => Disposable;
  report: StreamReport;
  onError: (error: unknown) => void;
}

export class EventTypeStream {
  /** Resolves when the body has ended. */
  readonly ended: Promise<void>;
  readonly #parts: EventTypeStreamParts;
  readonly #session: EventTypeSession;
  readonly #readers: PartitionReaders;
  readonly #axes: PartitionAxes;
  readonly #changes: Disposable;
  #resolveEnded: () => void = () => undefined;
  #sink: StreamSink | undefined;
  #timer: Timer | undefined;
  #poll: Timer | undefined;

  constructor(parts: EventTypeStreamParts) {
    this.#parts = parts;
    this.#session = parts.session;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#readers = new PartitionReaders(parts.log, undefined, {
      onRecords: (partition, from, read) => {
        this.#session.received(partition, from, read);
        this.#pump();
      },
      onDataAvailable: () => this.#pump(),
      onFailure: (error) => this.#fail(error),
    });
    this.#axes = new PartitionAxes();
    this.#changes = parts.onChange(() => this.#follow());
  }

  /** Reads a partition, from behind `from`. */
  addPartition(partition: PartitionKey, axis: Axis, from: Mark): void {
    this.#axes.set(partition, axis);
    const textOf = (ordinal: number): string => this.#axes.textOf(partition, ordinal);
    this.#session.addPartition(partition, { at: from, textOf });
    this.#readers.addPartition(partition, splitPartitionKey(partition).partition, axis);
  }

  /** The event type may have another timeline, or be gone. */
  #follow(): void {
    this.#axes.refresh(this.#parts.eventType).then(
      (longer) => {
        for (const [partition, axis] of longer)
          this.#readers.addPartition(partition, splitPartitionKey(partition).partition, axis);
        this.#pump();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  start(sink: StreamSink): void {
    this.#sink = sink;
    sink.onWritable(() => this.#pump());
    sink.onGone(() => this.stop());
    this.#schedulePoll();
    this.#pump();
  }

  /** Ends at once. */
  stop(): void {
    this.#session.end();
    this.#pump();
  }

  #pump(): void {
    const sink = this.#sink;
    if (!sink) return;
    if (!this.#session.ended && !this.#parts.membership.isSafe) return this.#schedule(LEASE_CHECK_MS);
    for (const batch of this.#session.advance(this.#parts.clock.monotonicMs(), sink.writable))
      sink.write(this.#lineOf(batch));
    this.#timer?.cancel();
    if (this.#session.ended) {
      this.#finish(sink);
      return;
    }
    this.#readers.read(this.#session.wanted());
    const dueMs = this.#session.nextDueMs(sink.writable);
    if (!Number.isFinite(dueMs)) return;
    this.#schedule(Math.max(0, Math.ceil(dueMs - this.#parts.clock.monotonicMs())));
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.schedule(delayMs, () => this.#pump());
  }

  #schedulePoll(): void {
    this.#poll = this.#parts.clock.schedule(this.#parts.pollMs, () => {
      this.#readers.invalidateAll();
      this.#follow();
      if (!this.#session.ended) this.#schedulePoll();
    });
  }

  #fail(error: unknown): void {
    if (this.#session.ended) return;
    if (!(error instanceof NoSuchLogError || error instanceof ProblemError)) this.#parts.onError(error);
    this.stop();
  }

  #finish(sink: StreamSink): void {
    this.#sink = undefined;
    this.#poll?.cancel();
    this.#readers.close();
    this.#changes[Symbol.dispose]();
    this.#parts.report.end();
    sink.end();
    this.#resolveEnded();
  }

  #lineOf({ partition, offset, events }: EventTypeBatch): Uint8Array {
    const { eventType, partition: number } = splitPartitionKey(partition);
    const line = batchLine(`{"partition":"${number}","offset":"${offset}"}`, events, undefined);
    this.#parts.report.sent(eventType, events.length, line.length);
    return line;
  }
}
