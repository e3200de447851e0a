/**
 * What the rows say of partitions: it is true of their segments on disk, and known without a look at these.
 */
import { join } from "node:path";
import type { RowChange, Rows } from "../../in-process/rows.ts";
import type { SyncedEnd } from "./segment-list.ts";

/** The folder of all logs. */
export const LOGS = "logs";

/** What the last checkpoint has kept, and where partitions begin since older segments were unlinked. */
const KEPT = "partition";
const STARTS = "partition-start";

/** Bytes in segments that were never compacted, and in those that were. */
export interface CompactionBytes {
  dirtyBytes: number;
  cleanBytes: number;
}

/** What a checkpoint keeps of a partition. */
export interface PartitionRow extends SyncedEnd, Partial<CompactionBytes> {
  /** The oldest offset. */
  start: number;
  /** The offset behind the last segment. */
  next: number;
  latestMs: number;
  /** Up to here it is compacted. */
  compacted: number;
  /** Timestamp of the first frame that there is; `null` if there is none, or it cannot be read. */
  oldestMs: number | null;
}

export const EMPTY_PARTITION: PartitionRow = {
  start: 0,
  next: 0,
  latestMs: Number.MIN_SAFE_INTEGER,
  compacted: 0,
  oldestMs: null,
  segment: null,
  length: 0,
};

export class PartitionRows {
  readonly #rows: Rows;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  kept(number: number, index: number): PartitionRow | undefined {
    return this.#rows.get(KEPT, idOf(number, index))?.value as PartitionRow | undefined;
  }

  keep(number: number, index: number, row: PartitionRow): void {
    this.#rows.note(KEPT, idOf(number, index), row);
  }

  /** Timestamp of the oldest frame as far as the last checkpoint knows; `null` if there was none. */
  oldestMs(number: number, index: number): number | null {
    return this.kept(number, index)?.oldestMs ?? null;
  }

  /** As of the last checkpoint. */
  compaction(number: number, index: number): CompactionBytes {
    const { dirtyBytes = 0, cleanBytes = 0 } = this.kept(number, index) ?? {};
    return { dirtyBytes, cleanBytes };
  }

  /** The oldest offset for which there may be segments. */
  startOf(number: number, index: number): number {
    const started = this.#rows.get(STARTS, idOf(number, index))?.value as number | undefined;
    return Math.max(this.kept(number, index)?.start ?? 0, started ?? 0);
  }

  /** Resolves when it is on disk: older segments may be unlinked. */
  async start(number: number, index: number, offset: number): Promise<void> {
    await this.#rows.write([{ table: STARTS, id: idOf(number, index), value: offset }]);
  }

  /** Forgets a log. What it returns is to be written with its removal. */
  remove(number: number, partitions: number): readonly RowChange[] {
    const ids = Array.from({ length: partitions }, (_, index) => idOf(number, index));
    for (const id of ids) if (this.#rows.get(KEPT, id)) this.#rows.note(KEPT, id, undefined);
    return ids.filter((id) => this.#rows.get(STARTS, id)).map((id) => ({ table: STARTS, id, value: undefined }));
  }

  /** Those of which the last checkpoint knows. */
  get keptIds(): readonly (readonly [number: number, index: number])[] {
    return Array.from(this.#rows.ids(KEPT), (id) => {
      const [number = 0, index = 0] = id.split("/", 2).map(Number);
      return [number, index] as const;
    });
  }
}

export function idOf(number: number, index: number): string {
  return `${number}/${index}`;
}

/** The folder of a partition in the data directory. */
export function placeOf(number: number, index: number): string {
  return join(LOGS, String(number), String(index));
}
