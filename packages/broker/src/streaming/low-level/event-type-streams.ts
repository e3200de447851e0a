/** Opening low-level streams: parameters, cursors, start positions (protocol 5.10). */
import type { Clock } from "nakadi-protocol";
import type { LogPort, MetadataPort } from "nakadi-storage";
import { EVENT_TYPE_KIND, type EventTypes } from "../../event-types/catalogue.ts";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import type { Limits } from "../../limits.ts";
import { Axis } from "../../positions/axis.ts";
import { CursorError, readablePosition } from "../../positions/cursor-position.ts";
import { newest, type TimelineBounds } from "../../positions/partition-bounds.ts";
import { timelineBounds } from "../../positions/timeline-bounds.ts";
import type { Snapshots } from "../../metadata-snapshot.ts";
import type { NodeMembership } from "../../node-membership.ts";
import { brokerStops, ProblemError } from "../../problems.ts";
import { Members } from "../../request-body.ts";
import type { Reports } from "../../reports/reports.ts";
import type { ConsumerGate } from "../../settings/consumer-gate.ts";
import { normalised } from "../../subscriptions/initialise.ts";
import { EventTypeSession } from "./event-type-session.ts";
import { EventTypeStream } from "./event-type-stream.ts";
import { eventTypeStreamSettings } from "../stream-parameters.ts";

export interface EventTypeStreamsParts {
  membership: Pick<NodeMembership, "stay" | "isSafe">;
  snapshots: Snapshots;
  eventTypes: EventTypes;
  gate: ConsumerGate;
  reports: Reports;
  log: LogPort;
  metadata: MetadataPort;
  limits: Limits;
  clock: Clock;
  random: () => number;
  onError: (error: unknown) => void;
}

export class EventTypeStreams {
  readonly #parts: EventTypeStreamsParts;
  readonly #open = new Map<string, Set<EventTypeStream>>();
  readonly #hints: Disposable;
  #stopped = false;

  constructor(parts: EventTypeStreamsParts) {
    this.#parts = parts;
    this.#hints = parts.gate.onChange(() => void this.#endBlocked());
  }

  /**
   * @param query parameters as texts
   * @param cursors the header's text; without it every partition is streamed from its end
   * @throws {ProblemError} 400, 403, 404, 412, 422; 503 while this node holds no lease or the broker stops
   */
  async open(name: string, query: unknown, cursors: string | undefined): Promise<EventTypeStream> {
    const { membership, snapshots, eventTypes, gate, log, metadata, clock, limits, random, onError } = this.#parts;
    membership.stay();
    const at = await snapshots.take();
    const wanted = cursors === undefined ? undefined : parseCursors(cursors);
    const stored = await eventTypes.find(name, at);
    if (!stored) throw new ProblemError(404, "topic not found");
    await gate.demandStream([name], at);
    const settings = eventTypeStreamSettings(query, limits, random);
    const all = await timelineBounds(log, stored);
    if (this.#stopped) throw brokerStops();
    const starts = startPositions(stored, all, wanted);
    const nowMs = clock.monotonicMs();
    const session = new EventTypeSession(settings, { maxBufferBytes: limits.maxLowLevelBufferBytes, nowMs });
    const eventType = (): Promise<StoredEventType> => eventTypes.get(name);
    const report = this.#parts.reports.stream("lola");
    const pollMs = limits.streamPollMs;
    const onChange = (hint: () => void): Disposable => metadata.onWrite(EVENT_TYPE_KIND, name, hint);
    const stream = new EventTypeStream({
      session,
      membership,
      log,
      clock,
      eventType,
      onChange,
      report,
      pollMs,
      onError,
    });
    for (const [partition, position] of starts) {
      const axis = new Axis(stored.timelines, partition);
      stream.addPartition(`${name}:${partition}`, axis, {
        ordinal: axis.ordinalOf(position) ?? -1,
        text: normalised(position).text,
      });
    }
    const streams = this.#open.get(name) ?? new Set();
    this.#open.set(name, streams.add(stream));
    void stream.ended.then(() => {
      streams.delete(stream);
      if (streams.size === 0 && this.#open.get(name) === streams) this.#open.delete(name);
    });
    return stream;
  }

  /** Ends all streams at once, and opens none any more. */
  stop(): void {
    this.#stopped = true;
    this.#hints[Symbol.dispose]();
    for (const streams of this.#open.values()) for (const stream of streams) stream.stop();
  }

  async #endBlocked(): Promise<void> {
    for (const [name, streams] of this.#open) {
      try {
        if (await this.#parts.gate.blocks([name])) for (const stream of streams) stream.stop();
      } catch (error) {
        this.#parts.onError(error);
      }
    }
  }
}

interface HeaderCursor {
  partition: string | null;
  offset: string | null;
}

function parseCursors(header: string): HeaderCursor[] {
  try {
    const list = JSON.parse(header) as unknown;
    if (!Array.isArray(list)) throw new SyntaxError("no array");
    return list.map((one) => {
      const members = Members.of(one);
      return { partition: members.text("partition"), offset: members.text("offset") };
    });
  } catch {
    throw new ProblemError(400, "incorrect syntax of X-nakadi-cursors header");
  }
}

function startPositions(
  stored: StoredEventType,
  all: readonly TimelineBounds[],
  cursors: readonly HeaderCursor[] | undefined,
): Map<number, ReturnType<typeof newest>> {
  if (!cursors) {
    return new Map(Array.from({ length: stored.partitions }, (_, partition) => [partition, newest(all, partition)]));
  }
  if (cursors.length === 0) throw new ProblemError(412, "invalid cursor format, partition: null offset: null");
  try {
    const starts = cursors.map(({ partition, offset }) => {
      if (partition === null) throw new CursorError("partition must not be null");
      if (offset === null) throw new CursorError("offset must not be null");
      return [Number(partition), readablePosition(stored, all, { partition, offset })] as const;
    });
    const byPartition = new Map(starts);
    if (byPartition.size < starts.length) throw new CursorError("duplicate partition ids provided in cursors");
    return byPartition;
  } catch (error) {
    throw error instanceof CursorError ? new ProblemError(412, error.message) : error;
  }
}
