/** Whether positions that were typed lie in the log: reading from elsewhere finds nothing, which says nothing. */
import { type EventType, HttpError, type NakadiClient, type PartitionCursor } from "nakadi-client";
import { EXIT } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { placeText } from "./place.ts";
import type { LogPlace } from "./source.ts";

export interface BoundedReading {
  nakadi: NakadiClient;
  eventType: EventType;
  /** Of `--partition`. */
  partitions: readonly string[] | undefined;
  signal: AbortSignal;
}

/** A position stands behind its event: that of the event before the oldest one begins with the oldest. */
const BEFORE_OLDEST = 1;

/** @throws {Failure} that names the flag, the position and the bound that it lies beyond */
export async function demandInLog(reading: BoundedReading, flag: string, place: LogPlace): Promise<void> {
  if (!isPositions(place)) return;
  const { nakadi, eventType, partitions, signal } = reading;
  const wrong = (position: PartitionCursor, what: string): Failure =>
    new Failure(`${flag}: ${placeText([position])} ${what}`, EXIT.usage);
  for (const name of partitions ?? []) {
    if (place.some(({ partition }) => partition === name)) continue;
    throw new Failure(`${flag}: ${placeText(place)} names no position in partition ${name}`, EXIT.usage);
  }
  const log = await nakadi.eventTypes.partitions(eventType.name, { signal });
  for (const position of place) {
    const bounds = log.find(({ partition }) => partition === position.partition);
    if (!bounds) {
      const names = log.map(({ partition }) => partition).join(", ");
      throw wrong(position, `is in no partition of ${eventType.name}: there are ${names}`);
    }
    const { partition, newest_available_offset: newest, oldest_available_offset: oldest } = bounds;
    const where = `partition ${partition} of ${eventType.name}`;
    const [toEnd = 0, toBegin = 0] = await distances(reading, position, [newest, oldest]).catch((error: unknown) => {
      if (error instanceof HttpError && error.status === 422) {
        throw wrong(position, `is not a position of ${where}, which ends at ${newest}: ${error.message}`);
      }
      throw error;
    });
    if (toEnd < 0) throw wrong(position, `lies beyond the end of ${where}, which is ${newest}`);
    if (toBegin > BEFORE_OLDEST) throw wrong(position, `lies before the beginning of ${where}, which is ${oldest}`);
  }
}

/** @throws {Failure} if one place lies before the other, so that nothing is between them */
export async function demandOrder(reading: BoundedReading, from: LogPlace, until: LogPlace): Promise<void> {
  const inverted = (where: string): Failure =>
    new Failure(`--until lies before --from${where}: nothing is between them`, EXIT.usage);
  if (isTime(from) && isTime(until) && until.time < from.time) throw inverted("");
  if (!isPositions(from) || !isPositions(until)) return;
  for (const begin of from) {
    const end = until.find(({ partition }) => partition === begin.partition);
    const [distance = 0] = end ? await distances(reading, begin, [end.offset]) : [];
    if (distance < 0) throw inverted(` in partition ${begin.partition}`);
  }
}

async function distances(
  { nakadi, eventType, signal }: BoundedReading,
  from: PartitionCursor,
  offsets: readonly string[],
): Promise<number[]> {
  const pairs = offsets.map((offset) => ({ initial_cursor: from, final_cursor: { ...from, offset } }));
  const measured = await nakadi.eventTypes.distances(eventType.name, pairs, { signal });
  return measured.map(({ distance }) => distance);
}

function isPositions(place: LogPlace): place is readonly PartitionCursor[] {
  return Array.isArray(place);
}

function isTime(place: LogPlace): place is { time: number } {
  return typeof place === "object" && "time" in place;
}
