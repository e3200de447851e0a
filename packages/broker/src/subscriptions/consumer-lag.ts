/** The age of the next event that a subscription has not consumed (protocol 2.10). */
import type { Clock } from "nakadi-protocol";
import type { LogPort } from "nakadi-storage";
import type { Axis } from "../positions/axis.ts";

const BUDGET_MS = 30_000;

export interface Distance {
  axis: Axis;
  partition: number;
  /** Ordinals. */
  committed: number;
  end: number;
}

/** In whole seconds; 0 at the end of the log; `undefined` if the log does not answer within 30 seconds or fails. */
export async function consumerLagSeconds(log: LogPort, clock: Clock, distance: Distance): Promise<number | undefined> {
  if (distance.end <= distance.committed) return 0;
  const aborter = new AbortController();
  const late = new Promise<undefined>((resolve) => {
    aborter.signal.addEventListener("abort", () => resolve(undefined));
  });
  const timer = clock.schedule(BUDGET_MS, () => aborter.abort());
  try {
    const storedMs = await Promise.race([nextStoredMs(log, distance, aborter.signal), late]);
    return storedMs === undefined ? undefined : Math.max(0, Math.floor((clock.wallMs() - storedMs) / 1_000));
  } catch {
    return undefined;
  } finally {
    timer.cancel();
  }
}

/** `undefined` if no event is left up to the end. */
async function nextStoredMs(
  log: LogPort,
  { axis, partition, committed, end }: Distance,
  signal: AbortSignal,
): Promise<number | undefined> {
  for (let ordinal = committed + 1; ordinal <= end;) {
    const { log: id, number, base, last } = axis.locate(ordinal);
    const { frames, next } = await log.read(id, partition, number, { bytes: 1, records: 1 }, signal);
    const [frame] = frames;
    if (frame) return frame.timestampMs;
    // All events of a closed timeline have expired; the next timeline continues.
    ordinal = base + (next > number ? next : last + 1);
  }
  return undefined;
}
