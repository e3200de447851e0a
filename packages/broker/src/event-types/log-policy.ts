/** What an event type says about how long its events are kept, and how its logs get to know of it. */
import { NoSuchLogError } from "nakadi-storage";
import type { LogPolicy, LogPort } from "nakadi-storage";
import type { EventTypes } from "./catalogue.ts";
import type { CompleteEventType, StoredEventType } from "./stored-event-type.ts";

export function logPolicy({ cleanup_policy, options }: CompleteEventType): LogPolicy {
  return {
    retentionMs: cleanup_policy === "compact" ? null : options.retention_time,
    compact: cleanup_policy !== "delete",
  };
}

/** Tells the logs what was stored, and again if that has changed meanwhile: the last one to tell them knows it. */
export async function applyLogPolicy(
  { eventTypes, log }: { eventTypes: EventTypes; log: LogPort },
  stored: StoredEventType,
): Promise<void> {
  let told: string | undefined;
  for (let now: StoredEventType | undefined = stored; now; now = await eventTypes.find(stored.eventType.name)) {
    const policy = logPolicy(now.eventType);
    const logs = now.timelines.map((timeline) => timeline.log);
    const wanted = JSON.stringify([policy, logs]);
    if (wanted === told) return;
    try {
      await Promise.all(logs.map((id) => log.configure(id, policy)));
    } catch (error) {
      if (!(error instanceof NoSuchLogError)) throw error;
    }
    told = wanted;
  }
}
