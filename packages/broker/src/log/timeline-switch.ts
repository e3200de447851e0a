/**
 * From one timeline to the next (protocol 6.6). Nothing spans metadata and log, so it goes in steps, each of which may be
 * the last before a crash: mark the event type (nobody begins to write to it), wait for those who write, create the next
 * log, and in one write close the timeline and open the next. A mark that is left behind expires, or ends with the
 * next start of a broker.
 */
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "nakadi-protocol";
import type { LogId, LogPort } from "nakadi-storage";
import type { EventTypes } from "../event-types/catalogue.ts";
import { applyLogPolicy, logPolicy } from "../event-types/log-policy.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import { OWN_STORAGE } from "./timeline-list.ts";
import { inMaintenance, type Writers } from "./writers.ts";

export interface TimelineSwitchParts {
  eventTypes: EventTypes;
  writers: Writers;
  log: LogPort;
  /** How long it waits for writers, and they for it (protocol 0.6). */
  limits: Pick<Limits, "timelineSwitchMs">;
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
  const { eventTypes, writers, log, limits, clock, uuid } = parts;
  const next = uuid();
  await eventTypes.change(name, (stored) => {
    demandSwitchable(stored, clock.wallMs());
    return { ...stored, switching: { log: next, untilMs: clock.wallMs() + limits.timelineSwitchMs } };
  });
  try {
    if (!(await inTime(clock, limits.timelineSwitchMs, writers.drained(name)))) throw inMaintenance();
    // Those who were waited for may have given it more partitions; nobody can any more.
    const { timelines, partitions, eventType } = await eventTypes.get(name);
    const current = timelines.at(-1)?.log ?? "";
    const lastNumbers = (await log.bounds(current)).map((bounds) => bounds.next - 1);
    const policy = logPolicy(eventType);
    await log.create(next, partitions, policy);
    const stored = await eventTypes.change(name, (now) =>
      switched(now, { log: next, storage, lastNumbers, nowMs: clock.wallMs() }),
    );
    if (!isDeepStrictEqual(policy, logPolicy(stored.eventType))) await applyLogPolicy(parts, stored);
    return stored;
  } catch (error) {
    await callOff(parts, name, next);
    throw error;
  }
}

function demandSwitchable({ eventType, switching }: StoredEventType, nowMs: number): void {
  if (eventType.cleanup_policy !== "delete") {
    throw new ProblemError(422, `Cannot create a timeline for ${eventType.name}: its events are compacted`);
  }
  if (switching && switching.untilMs > nowMs) {
    throw new ProblemError(409, `A timeline of ${eventType.name} is being switched already`);
  }
}

/** @throws {ProblemError} 503 if the mark is not ours any more: somebody may have begun to write */
function switched(
  { switching, ...stored }: StoredEventType,
  { log, storage, lastNumbers, nowMs }: { log: LogId; storage: string; lastNumbers: readonly number[]; nowMs: number },
): StoredEventType {
  if (switching?.log !== log) throw inMaintenance();
  const closed = stored.timelines.map((timeline) => (timeline.lastNumbers ? timeline : { ...timeline, lastNumbers }));
  const order = (closed.at(-1)?.order ?? 0) + 1;
  const own = storage === OWN_STORAGE ? {} : { storage };
  const opened = { order, log, createdAt: new Date(nowMs).toISOString(), lastNumbers: null, ...own };
  return { ...stored, timelines: [...closed, opened] };
}

/** Takes the mark away, so that the switch cannot be completed, and then the log, unless it is in use after all. */
async function callOff({ eventTypes, log }: TimelineSwitchParts, name: string, next: LogId): Promise<void> {
  const left = await eventTypes
    .change(name, ({ switching, ...stored }) =>
      switching && switching.log !== next ? { ...stored, switching } : stored,
    )
    .catch((error: unknown) => {
      if (error instanceof ProblemError) return undefined;
      throw error;
    });
  if (!left?.timelines.some((timeline) => timeline.log === next)) await log.remove(next);
}

/** Whether `work` is done within the time that a switch may take. */
async function inTime(clock: Clock, ms: number, work: Promise<void>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.schedule(ms, () => resolve(false));
    work.then(() => resolve(true), reject).finally(() => timer.cancel());
  });
}
