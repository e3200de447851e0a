/**
 * The clock's readings as a row, so that retention goes on where it was when a process starts: written when the wall clock is
 * set, every minute and at the end. A process that is killed loses a minute of them at most, for which records are kept
 * longer.
 */
import type { Clock } from "nakadi-protocol";
import { ClockReadings } from "../../in-process/clock-readings.ts";
import type { KeptReadings } from "../../in-process/clock-readings.ts";
import type { Rows } from "../../in-process/rows.ts";

const CLOCK = "clock";
const KEEP_MS = 60_000;
/** A busy process is late. */
const KEPT_FOR_MS = 2 * KEEP_MS;

/** Until `signal` is aborted. */
export function keepReadings(rows: Rows, clock: Clock, signal: AbortSignal): ClockReadings {
  const keep = (): void => {
    // A failed journal refuses each append with the reason.
    rows.write([{ table: CLOCK, id: "", value: readings.kept(KEPT_FOR_MS) }]).catch(() => undefined);
  };
  const readings: ClockReadings = new ClockReadings(
    clock,
    rows.get(CLOCK, "")?.value as KeptReadings | undefined,
    keep,
  );
  const timer = setInterval(keep, KEEP_MS);
  timer.unref();
  signal.addEventListener(
    "abort",
    () => {
      clearInterval(timer);
      keep();
    },
    { once: true },
  );
  keep();
  return readings;
}
