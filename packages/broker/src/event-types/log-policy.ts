/** Applies the policy of an event type to its logs. */
import { NoSuchLogError } from "nakadi-storage";
import type { LogPort } from "nakadi-storage";
import type { EventTypes } from "./catalogue.ts";
import { logPolicy } from "./stored-event-type.ts";
import type { StoredEventType } from "./stored-event-type.ts";

/** Configures the logs, and repeats it until the stored policy is the applied one: concurrent changes end with the last. */
export async function applyLogPolicy(
  { eventTypes, log }: { eventTypes: EventTypes; log: LogPort },
  stored: StoredEventType,
): Promise<void> {
  let applied: string | undefined;
  for (let now: StoredEventType | undefined = stored; now; now = await eventTypes.find(stored.eventType.name)) {
    const policy = logPolicy(now.eventType);
    const logs = now.timelines.map((timeline) => timeline.log);
    const wanted = JSON.stringify([policy, logs]);
    if (wanted === applied) return;
    try {
      await Promise.all(logs.map((id) => log.configure(id, policy)));
    } catch (error) {
      if (!(error instanceof NoSuchLogError)) throw error;
    }
    applied = wanted;
  }
}
