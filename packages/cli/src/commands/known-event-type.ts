/** An event type by the name on the command line. */
import { closest, distance as distanceBetween } from "fastest-levenshtein";
import { type EventType, type NakadiClient, NakadiError } from "nakadi-client";
import { Failure } from "../failure.ts";

/** Names further apart than this are no slip of the fingers. */
const MAX_DISTANCE_SHARE = 0.4;

/** @throws {Failure} that names the closest one, where there is none of that name */
export async function knownEventType(nakadi: NakadiClient, name: string, signal: AbortSignal): Promise<EventType> {
  try {
    return await nakadi.eventTypes.get(name, { signal });
  } catch (error) {
    if (!NakadiError.is(error) || error.code !== "NOT_FOUND") throw error;
    throw new Failure(`there is no event type ${name}.${suggestion(name, await allNames(nakadi, signal))}`);
  }
}

/**
 * `undefined` where the server does not tell.
 * @throws {NakadiError} where it knows no such list: then it is the address that is wrong, not the name
 */
async function allNames(nakadi: NakadiClient, signal: AbortSignal): Promise<string[] | undefined> {
  try {
    return (await nakadi.eventTypes.list({ signal }).toArray()).map(({ name }) => name);
  } catch (error) {
    if (NakadiError.is(error) && error.code === "NOT_FOUND") throw error;
    return undefined;
  }
}

function suggestion(name: string, names: readonly string[] | undefined): string {
  if (!names) return "";
  if (names.length === 0) return " The server has none at all";
  const best = closest(name, [...names]);
  const distance = distanceBetween(name, best);
  return distance <= Math.ceil(name.length * MAX_DISTANCE_SHARE) ? ` Did you mean ${best}?` : "";
}
