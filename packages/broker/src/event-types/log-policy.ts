/** What an event type says about how long its events are kept, and how its logs get to know of it. */
import { NoSuchLogError } from "nakadi-storage";
import type { LogPort } from "nakadi-storage";
import type { EventTypes } from "./catalogue.ts";
import { logPolicy } from "./stored-event-type.ts";
import type { StoredEventType } from "./stored-event-type.ts";

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
