/**
 * The clock's readings in a data directory, so that retention goes on where it was when a process starts: in `clock.json`,
 * written when the wall clock is set, every minute and at the end. A process that is killed loses a minute of them at most,
 * for which records are kept longer.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "nakadi-protocol";
import { ClockReadings } from "./in-process/clock-readings.ts";
import type { KeptReadings } from "./in-process/clock-readings.ts";
import { writeWhole } from "./lmdb/durable-files.ts";

const FILE = "clock.json";
const KEEP_MS = 60_000;
/** A busy process is late. */
const KEPT_FOR_MS = 2 * KEEP_MS;

export class KeptClock {
  readonly readings: ClockReadings;
  readonly #directory: string;
  readonly #check: () => void;
  readonly #timer: NodeJS.Timeout;

  /** @param check throws where `directory` is not the one that was opened */
  constructor(directory: string, clock: Clock, check: () => void) {
    this.#directory = directory;
    this.#check = check;
    this.readings = new ClockReadings(clock, readKept(directory), () => this.#keep());
    this.#keep();
    this.#timer = setInterval(() => this.#keep(), KEEP_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#keep();
  }

  #keep(): void {
    try {
      this.#check();
      writeWhole(this.#directory, FILE, this.readings.kept(KEPT_FOR_MS));
    } catch {
      // The next write of a record fails for the same reason, and says so.
    }
  }
}

/** None where the file is missing or is not what was written: records are kept longer then. */
function readKept(directory: string): KeptReadings {
  try {
    const kept: unknown = JSON.parse(readFileSync(join(directory, FILE), "utf8"));
    return Array.isArray(kept) && kept.every(isReading) ? kept : [];
  } catch {
    return [];
  }
}

function isReading(value: unknown): value is KeptReadings[number] {
  if (typeof value !== "object" || value === null) return false;
  const { agoMs, leastMs, mostMs } = value as Partial<KeptReadings[number]>;
  return [agoMs, leastMs, mostMs].every((one) => Number.isFinite(one)) && Number(agoMs) >= 0;
}
