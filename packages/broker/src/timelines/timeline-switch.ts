/**
 * From one timeline to the next (protocol 6.6). Nothing spans metadata and log, so it goes in steps, each of which may be
 * the last before a crash: close the event type (no write to it begins, on any node), wait for the writes in flight,
 * create the next log, and in one write end the closing, close the timeline and open the next. A closing that is left
 * behind is void as soon as its node has lost its lease.
 */
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "nakadi-protocol";
import type { LogId, LogPort, MetadataPort } from "nakadi-storage";
import { EVENT_TYPE_KIND, type EventTypes } from "../event-types/catalogue.ts";
import { applyLogPolicy } from "../event-types/log-policy.ts";
import { logPolicy, OWN_STORAGE } from "../event-types/stored-event-type.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { NodeMembership } from "../node-membership.ts";
import { ProblemError } from "../problems.ts";
import { type Closings, inMaintenance } from "./closings.ts";

export interface TimelineSwitchParts {
  eventTypes: EventTypes;
  closings: Closings;
  membership: Pick<NodeMembership, "stay">;
  metadata: MetadataPort;
  log: LogPort;
  clock: Clock;
  uuid: () => string;
}

/**
 * @returns the event type with its new timeline
 * @throws {ProblemError} 404; 409 while another switch goes on; 422 for a compacted event type; 503 if writers do not end
 */
export async function switchTimeline(
  parts: TimelineSwitchParts,
  name: string,
  storage: string = OWN_STORAGE,
): Promise<StoredEventType> {
  const { eventTypes, closings, membership, log, uuid } = parts;
  demandSwitchable(await eventTypes.get(name));
  const next = uuid();
  await closings.begin(name, membership.stay().name, next);
  try {
    await closings.complete(name, next);
    // A repartitioning that was waited for may have given it more partitions; none can any more.
    const closed = await eventTypes.get(name);
    demandSwitchable(closed);
    const current = closed.timelines.at(-1)?.log ?? "";
    const lastNumbers = (await log.bounds(current)).map((bounds) => bounds.next - 1);
    const policy = logPolicy(closed.eventType);
    await log.create(next, closed.partitions, policy);
    const stored = await complete(parts, name, { current, next, storage, lastNumbers });
    if (!isDeepStrictEqual(policy, logPolicy(stored.eventType))) await applyLogPolicy(parts, stored);
    return stored;
  } catch (error) {
    await callOff(parts, name, next);
    throw error;
  }
}

function demandSwitchable({ eventType }: StoredEventType): void {
  if (eventType.cleanup_policy !== "delete") {
    throw new ProblemError(422, `Cannot create a timeline for ${eventType.name}: its events are compacted`);
  }
}

interface Switch {
  /** The log that was written to. */
  current: LogId;
  next: LogId;
  storage: string;
  lastNumbers: readonly number[];
}

/** @throws {ProblemError} 404; 503 if another node has removed the closing: a write may have begun */
async function complete(
  { eventTypes, closings, metadata, clock }: TimelineSwitchParts,
  name: string,
  change: Switch,
): Promise<StoredEventType> {
  for (;;) {
    const ending = await closings.ending(name, change.next);
    const { value, version } = await eventTypes.record(name);
    // The event type was deleted, and another one has its name.
    if (value.timelines.at(-1)?.log !== change.current) throw inMaintenance();
    const stored = switched(value, change, clock.wallMs());
    const write = { kind: EVENT_TYPE_KIND, id: name, expect: version, value: stored };
    if ((await metadata.write([write, ending])) === "written") return stored;
  }
}

function switched(stored: StoredEventType, { next, storage, lastNumbers }: Switch, nowMs: number): StoredEventType {
  const closed = stored.timelines.map((timeline) => (timeline.lastNumbers ? timeline : { ...timeline, lastNumbers }));
  const order = (closed.at(-1)?.order ?? 0) + 1;
  const own = storage === OWN_STORAGE ? {} : { storage };
  const opened = { order, log: next, createdAt: new Date(nowMs).toISOString(), lastNumbers: null, ...own };
  return { ...stored, timelines: [...closed, opened] };
}

/** Ends the closing, so that the switch cannot be completed, and then the log, unless it is in use after all. */
async function callOff({ eventTypes, closings, log }: TimelineSwitchParts, name: string, next: LogId): Promise<void> {
  await closings.end(name, next);
  const left = (await eventTypes.findRecord(name))?.value;
  if (!left?.timelines.some((timeline) => timeline.log === next)) await log.remove(next);
}
