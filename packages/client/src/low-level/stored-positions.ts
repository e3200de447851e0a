/**
 * Commits of a stream without a subscription: positions go to the program's store, one save at a time and never backwards.
 */
import type { CommitItemResult, PartitionCursor } from "nakadi-protocol";
import type { EventTypes } from "../admin/event-types.ts";
import { ConfigError } from "../errors/nakadi-error.ts";
import type { StreamCursor } from "../stream/batch.ts";
import type { CommitResult } from "../stream/committer.ts";
import type { CursorStore } from "./cursor-store.ts";
import { storeDoing } from "./read-positions.ts";

export interface StoredPositionsParts {
  eventTypes: EventTypes;
  eventType: string;
  store: CursorStore;
}

/** Delivered offsets per partition that are kept; the server compares older ones. */
const MAX_DELIVERED = 1_000;

export class StoredPositions {
  readonly #parts: StoredPositionsParts;
  readonly #committed = new Map<string, string>();
  /** Offsets delivered after the committed one, in their order. */
  readonly #delivered = new Map<string, string[]>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: StoredPositionsParts) {
    this.#parts = parts;
  }

  begun(cursors: readonly PartitionCursor[]): void {
    for (const { partition, offset } of cursors) this.#committed.set(partition, offset);
  }

  delivered({ partition, offset }: PartitionCursor): void {
    const offsets = this.#delivered.get(partition) ?? [];
    this.#delivered.set(partition, offsets);
    offsets.push(offset);
    if (offsets.length > MAX_DELIVERED) offsets.shift();
  }

  /** @throws {ConfigError} for another event type, {CursorStoreError}, and what `distances` throws */
  commit(cursors: readonly StreamCursor[], signal: AbortSignal | undefined): Promise<CommitResult> {
    const { eventType } = this.#parts;
    if (cursors.some(({ event_type }) => event_type !== eventType)) {
      return Promise.reject(new ConfigError("cursor.event_type", eventType));
    }
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (cursors.length === 0) return Promise.resolve({ result: "committed", items: [] });
    const turn = this.#last.then(() => this.#commit(cursors, signal));
    this.#last = turn.catch(() => undefined);
    return unlessAborted(turn, signal);
  }

  async #commit(cursors: readonly StreamCursor[], signal: AbortSignal | undefined): Promise<CommitResult> {
    signal?.throwIfAborted();
    const { eventType, store } = this.#parts;
    const reached = new Map<string, string>();
    const items: { cursor: StreamCursor; result: CommitItemResult }[] = [];
    for (const cursor of cursors) {
      const { partition, offset } = cursor;
      const ahead = await this.#isAhead(cursor, reached.get(partition) ?? this.#committed.get(partition));
      if (ahead) reached.set(partition, offset);
      items.push({ cursor, result: ahead ? "committed" : "outdated" });
    }
    const saved = [...reached].map(([partition, offset]) => ({ partition, offset }));
    if (saved.length > 0) await storeDoing(() => store.save(eventType, saved));
    for (const { partition, offset } of saved) {
      this.#committed.set(partition, offset);
      const offsets = this.#delivered.get(partition) ?? [];
      offsets.splice(0, offsets.indexOf(offset) + 1);
    }
    return { result: items.some(({ result }) => result === "outdated") ? "outdated" : "committed", items };
  }

  /** Offsets are opaque: the order of delivery or the server decides. */
  async #isAhead({ partition, offset }: PartitionCursor, committed: string | undefined): Promise<boolean> {
    if (committed === undefined) return true;
    if (committed === offset) return false;
    const offsets = this.#delivered.get(partition) ?? [];
    const at = offsets.indexOf(offset);
    if (at >= 0) return at > offsets.indexOf(committed);
    const pair = { initial_cursor: { partition, offset: committed }, final_cursor: { partition, offset } };
    const [answer] = await this.#parts.eventTypes.distances(this.#parts.eventType, [pair]);
    return (answer?.distance ?? 0) > 0;
  }
}

/** An abort rejects at once, while the work continues. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
