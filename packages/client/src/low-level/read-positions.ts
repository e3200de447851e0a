/**
 * Where a stream without a subscription reads: the positions that the program has taken batches up to, at first those of the
 * store or of the place to begin. Reading goes on there after each interruption, so that no batch is delivered twice.
 */
import type { PartitionCursor } from "nakadi-protocol";
import type { EventTypes } from "../admin/event-types.ts";
import { CursorStoreError, HttpError, NakadiError } from "../errors/nakadi-error.ts";
import { arePositions, type LogPosition } from "./log-position.ts";
import type { EventTypeStreamSettings, ExpiredCursor } from "./options.ts";
import { BEGIN, isCursors, type PositionOptions } from "./positions.ts";

export interface ReadPositionsParts {
  eventTypes: EventTypes;
  eventType: string;
  settings: EventTypeStreamSettings;
  positionsOf: (eventType: string, at: LogPosition, options: PositionOptions) => Promise<PartitionCursor[]>;
  /** Called once, with the positions where reading begins. */
  begun: (cursors: readonly PartitionCursor[]) => void;
  expired: (cursor: ExpiredCursor) => void;
}

export class ReadPositions {
  readonly #parts: ReadPositionsParts;
  /** Offsets by partition; unknown before the first attempt to open a stream. */
  #offsets: Map<string, string> | undefined;

  constructor(parts: ReadPositionsParts) {
    this.#parts = parts;
  }

  get cursors(): PartitionCursor[] {
    return [...(this.#offsets ?? [])].map(([partition, offset]) => ({ partition, offset }));
  }

  taken({ partition, offset }: PartitionCursor): void {
    this.#offsets?.set(partition, offset);
  }

  /** Before each attempt to open a stream: at first the beginning is found, later partitions that are new. */
  async prepare(signal: AbortSignal): Promise<void> {
    if (this.#offsets) return this.#addNewPartitions(this.#offsets, signal);
    const begin = await this.#begin(signal);
    if (signal.aborted) return;
    this.#offsets = new Map(begin.map(({ partition, offset }) => [partition, offset]));
    this.#parts.begun(begin);
  }

  /**
   * The server has refused the positions. Replaces those that the log does not hold; says whether there were any.
   * @throws {HttpError} with code CURSOR_EXPIRED, if the program wants it so
   */
  async replaceExpired(refusal: HttpError, signal: AbortSignal): Promise<boolean> {
    const { eventTypes, eventType, settings, expired } = this.#parts;
    if (settings.expired === "fail") throw new HttpError(refusal, "CURSOR_EXPIRED");
    const partitions = await eventTypes.partitions(eventType, { signal });
    let any = false;
    for (const cursor of this.cursors) {
      const now = partitions.find(({ partition }) => partition === cursor.partition);
      if (now && (await this.#isHeld(cursor, now.oldest_available_offset, now.newest_available_offset, signal)))
        continue;
      any = true;
      // A partition that is gone, because the event type was created anew, is not read any more.
      if (!now) this.#offsets?.delete(cursor.partition);
      const replacement = settings.expired === "oldest" ? BEGIN : (now?.newest_available_offset ?? BEGIN);
      if (now) this.#offsets?.set(cursor.partition, replacement);
      expired({ ...cursor, replacement });
    }
    return any;
  }

  /** What the store knows goes before the place to begin; what was begun without it is pinned there. */
  async #begin(signal: AbortSignal): Promise<PartitionCursor[]> {
    const { eventType, settings, positionsOf } = this.#parts;
    const { from, partitions, store } = settings;
    const named = partitions ?? (isCursors(from) ? from.map(({ partition }) => partition) : undefined);
    const loaded: unknown = await storeDoing(() => store.load(eventType));
    if (!arePositions(loaded)) throw new CursorStoreError("the cursor store did not return positions");
    const stored = loaded.filter(({ partition }) => named?.includes(partition) ?? true);
    if (stored.length > 0) {
      const offsets = new Map(stored.map(({ partition, offset }) => [partition, offset]));
      await this.#addNewPartitions(offsets, signal);
      return [...offsets].map(([partition, offset]) => ({ partition, offset }));
    }
    const begin = await positionsOf(eventType, from, { ...(partitions && { partitions }), signal });
    signal.throwIfAborted();
    await storeDoing(() => store.save(eventType, begin));
    return begin;
  }

  /** Nothing that was published to a partition before it was noticed is left out. */
  async #addNewPartitions(offsets: Map<string, string>, signal: AbortSignal): Promise<void> {
    const { eventTypes, eventType, settings } = this.#parts;
    const { from, partitions } = settings;
    if (isCursors(from)) {
      for (const { partition, offset } of from) if (!offsets.has(partition)) offsets.set(partition, offset);
      return;
    }
    const wanted = partitions ?? (await eventTypes.partitions(eventType, { signal })).map(({ partition }) => partition);
    for (const partition of wanted) if (!offsets.has(partition)) offsets.set(partition, BEGIN);
  }

  /** Whether a stream can begin there: right before the oldest event, up to the newest (protocol 1). */
  async #isHeld(cursor: PartitionCursor, oldest: string, newest: string, signal: AbortSignal): Promise<boolean> {
    const { eventTypes, eventType } = this.#parts;
    const pairs = [oldest, newest].map((offset) => ({
      initial_cursor: cursor,
      final_cursor: { partition: cursor.partition, offset },
    }));
    try {
      const [toOldest, toNewest] = await eventTypes.distances(eventType, pairs, { signal });
      return (toOldest?.distance ?? 0) <= 1 && (toNewest?.distance ?? 0) >= 0;
    } catch (error) {
      // Of a timeline that is gone, or of no form that the server knows.
      if (error instanceof HttpError && error.status === 422) return false;
      throw error;
    }
  }
}

/** Errors of the store become CursorStoreError. */
export async function storeDoing<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (NakadiError.is(cause)) throw cause;
    throw new CursorStoreError("the cursor store failed", { cause });
  }
}
