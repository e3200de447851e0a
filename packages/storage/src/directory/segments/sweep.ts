/**
 * What is done to logs that nobody looks at: retention, and compaction. A partition is only loaded where its oldest frame is
 * too old; what was not touched has nothing to compact.
 */
import { DamagedEventsError } from "../../damaged-events-error.ts";
import { isBefore } from "../../in-process/clock-readings.ts";
import { NewestRecords } from "../../in-process/newest-records.ts";
import type { LogId } from "../../ports.ts";
import type { LogRow } from "./catalogue.ts";
import type { Partition } from "./partition.ts";
import type { StoredLogs } from "./stored-logs.ts";

/** Between two looks for what retention takes and compaction can do. */
const SWEEP_MS = 60_000;

/** Logs in one turn of the event loop. */
const AT_ONCE = 500;

/** Compaction is due when so much was never compacted, and half as much as what was. */
const DIRTY_BYTES = 1024 * 1024;

/** Sweeps at intervals until the logs are stopped. */
export function startSweeping(logs: StoredLogs): void {
  const timer = setInterval(() => logs.inBackground(() => sweep(logs)), SWEEP_MS).unref();
  logs.closing.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** Compacts each loaded partition at once, however little there is to gain. */
export async function compactAll(logs: StoredLogs): Promise<void> {
  await logs.flush();
  for (const id of logs.catalogue.ids()) {
    const stored = logs.catalogue.peek(id);
    if (stored?.policy.compact) await compactLog(logs, stored, () => true);
  }
}

async function sweep(logs: StoredLogs): Promise<void> {
  let count = 0;
  for (const id of logs.catalogue.ids()) {
    count += 1;
    if (count % AT_ONCE === 0) await new Promise((resolve) => void setImmediate(resolve));
    if (logs.closing.aborted) return;
    const stored = logs.catalogue.peek(id);
    if (!stored) continue;
    await expire(logs, id, stored);
    if (stored.policy.compact) await compactLog(logs, stored, isDue);
  }
}

/** Those partitions for which it is `due`. */
async function compactLog(logs: StoredLogs, stored: LogRow, due: (partition: Partition) => boolean): Promise<void> {
  for (let partition = 0; partition < stored.partitions; partition++) {
    const loaded = await logs.partitions.ifLoaded(stored.number, partition);
    if (logs.closing.aborted || !loaded || !due(loaded)) continue;
    try {
      await loaded.compact(new NewestRecords(logs.readings));
    } catch (error) {
      // Who reads there is told; nothing is taken away beside damage.
      if (!(error instanceof DamagedEventsError)) throw error;
    }
  }
}

function isDue({ compaction: { dirtyBytes, cleanBytes } }: Partition): boolean {
  return dirtyBytes >= Math.max(DIRTY_BYTES, cleanBytes / 2);
}

async function expire(logs: StoredLogs, id: LogId, stored: LogRow): Promise<void> {
  if (stored.policy.retentionMs === null) return;
  const given = logs.readings.given(stored.policy.retentionMs);
  for (let partition = 0; partition < stored.partitions; partition++) {
    const oldestMs = logs.partitions.oldestMs(stored.number, partition);
    const log = oldestMs !== null && isBefore(oldestMs, given) && logs.catalogue.find(id);
    if (log) await logs.current(log, partition);
  }
}
