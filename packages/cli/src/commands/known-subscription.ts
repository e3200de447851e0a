/** A subscription by the id on the command line. */
import { type NakadiClient, NakadiError, type Subscription } from "nakadi-client";
import { isUuid } from "nakadi-protocol";
import { Failure } from "../failure.ts";

/** @throws {Failure} that says where ids are to be found, where there is none of that id */
export async function knownSubscription(nakadi: NakadiClient, id: string, signal: AbortSignal): Promise<Subscription> {
  try {
    return await nakadi.subscriptions.get(id, { signal });
  } catch (error) {
    if (!NakadiError.is(error) || error.code !== "NOT_FOUND") throw error;
    const named = isUuid(id) ? "" : " A subscription is named by its id.";
    throw new Failure(`there is no subscription ${id}.${named} \`nakadi lag\` lists all that there are`);
  }
}
