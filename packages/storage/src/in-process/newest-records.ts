/**
 * What compaction keeps, whichever engine does it: of all records with one key the newest, and every record without a key. A
 * tombstone that is the newest goes too, once every reader has had time to see it.
 * @pure
 */
import type { NewRecord } from "../ports.ts";
import { isBefore } from "./clock-readings.ts";
import type { ClockReadings } from "./clock-readings.ts";

/** How long a tombstone stays at least. */
const TOMBSTONE_MS = 24 * 3_600_000;

/** Bytes of keys in memory; records with other keys are left to the next time. */
const MAX_KEY_BYTES = 32 * 1024 * 1024;

export class NewestRecords {
  readonly #offsets = new Map<string, number>();
  readonly #readings: ClockReadings;
  #bytes = 0;

  constructor(readings: ClockReadings) {
    this.#readings = readings;
  }

  /** The next record, in the order of offsets. False where there is no room for its key. */
  add({ key }: NewRecord, offset: number): boolean {
    if (key === undefined) return true;
    if (!this.#offsets.has(key)) {
      if (this.#bytes + key.length * 2 > MAX_KEY_BYTES) return false;
      this.#bytes += key.length * 2;
    }
    this.#offsets.set(key, offset);
    return true;
  }

  /** Whether a record stays. */
  keeps({ key, value }: NewRecord, offset: number, timestampMs: number): boolean {
    if (key === undefined) return true;
    if ((this.#offsets.get(key) ?? offset) > offset) return false;
    return value !== null || !isBefore(timestampMs, this.#readings.given(TOMBSTONE_MS));
  }
}
