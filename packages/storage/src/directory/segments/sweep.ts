/**
 * What is done to idle logs: retention, and compaction. A partition is loaded only where its row says that its oldest frame
 * is too old, that it is too large, or that there is enough to compact.
 */
import { DamagedEventsError } from "../../damaged-events-error.ts";
import { isBefore } from "../../in-process/clock-readings.ts";
import { NewestRecords } from "../../in-process/newest-records.ts";
import type { StoredLog } from "./catalogue.ts";
import type { CompactionBytes } from "./partition-rows.ts";
import type { StoredLogs } from "./stored-logs.ts";

/** Between two looks for what retention takes and compaction can do. */
const SWEEP_MS = 60_000;

/** Logs in one turn of the event loop. */
const AT_ONCE = 500;

/** Compaction is due when more bytes than this were never compacted, and half as many as were. */
const DIRTY_BYTES = 1024 * 1024;

/** Sweeps at intervals until the logs are stopped. */
export function startSweeping(logs: StoredLogs): void {
  const timer = setInterval(() => logs.inBackground(() => sweep(logs)), SWEEP_MS).unref();
  logs.closing.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** Compacts each partition at once, however little there is to gain. */
export async function compactAll(logs: StoredLogs): Promise<void> {
  await logs.flush();
  for (const id of logs.catalogue.ids()) {
    const stored = logs.catalogue.find(id);
    if (stored?.policy.compact) await compactLog(logs, stored, () => true);
  }
}

/** Once. */
export async function sweep(logs: StoredLogs): Promise<void> {
  let count = 0;
  for (const id of logs.catalogue.ids()) {
    count += 1;
    if (count % AT_ONCE === 0) await new Promise((resolve) => void setImmediate(resolve));
    if (logs.closing.aborted) return;
    const stored = logs.catalogue.find(id);
    if (!stored) continue;
    await expire(logs, stored);
    if (stored.policy.compact) await compactLog(logs, stored, isDue);
  }
}

/** Those partitions for which it is `due`. */
async function compactLog(logs: StoredLogs, log: StoredLog, due: (bytes: CompactionBytes) => boolean): Promise<void> {
  const { partitions } = logs;
  for (let index = 0; index < log.partitions; index++) {
    if (logs.closing.aborted || !due(partitions.rows.compaction(log.number, index))) continue;
    await partitions.use(log.number, index, async (partition) => {
      if (!due(partition.compaction)) return;
      try {
        await partition.compact(new NewestRecords(logs.readings));
        partitions.keepLater(partition);
      } catch (error) {
        // Each read there fails with the damage; nothing is removed beside it.
        if (!(error instanceof DamagedEventsError)) throw error;
      }
    });
  }
}

function isDue({ dirtyBytes, cleanBytes }: CompactionBytes): boolean {
  return dirtyBytes >= Math.max(DIRTY_BYTES, cleanBytes / 2);
}

async function expire(logs: StoredLogs, log: StoredLog): Promise<void> {
  const { rows, segmentBytes } = logs.partitions;
  const { retentionMs, retentionBytes = Number.POSITIVE_INFINITY } = log.policy;
  const given = retentionMs === null ? undefined : logs.readings.given(retentionMs);
  for (let index = 0; index < log.partitions; index++) {
    const oldestMs = rows.oldestMs(log.number, index);
    const { dirtyBytes, cleanBytes } = rows.compaction(log.number, index);
    const isOld = given && oldestMs !== null && isBefore(oldestMs, given);
    // The oldest segment is too much where the others alone are enough.
    if (isOld || dirtyBytes + cleanBytes >= retentionBytes + segmentBytes)
      await logs.current(log, index, () => undefined);
  }
}
