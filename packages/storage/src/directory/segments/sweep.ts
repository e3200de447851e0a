/**
 * What retention takes of logs that nobody looks at. A partition is only loaded where its oldest frame is too old.
 */
import { isBefore } from "../../in-process/clock-readings.ts";
import type { StoredLogs } from "./stored-logs.ts";

/** Logs in one turn of the event loop. */
const AT_ONCE = 500;

export async function sweep(logs: StoredLogs, signal: AbortSignal): Promise<void> {
  let count = 0;
  for (const id of logs.catalogue.ids()) {
    if (signal.aborted) return;
    const stored = logs.catalogue.find(id);
    count += 1;
    if (count % AT_ONCE === 0) await new Promise((resolve) => void setImmediate(resolve));
    if (!stored || stored.policy.retentionMs === null) continue;
    const given = logs.readings.given(stored.policy.retentionMs);
    for (let partition = 0; partition < stored.partitions; partition++) {
      const oldestMs = logs.partitions.oldestMs(stored.number, partition);
      if (oldestMs !== null && isBefore(oldestMs, given)) await logs.current(stored, partition);
    }
  }
}
