/**
 * Whose an event is, for event types that say where that stands (protocol 4.1, step 6).
 * @pure
 */
import type { EventOwnerSelector } from "nakadi-protocol";
import type { Access, Resource } from "../authorization/authorizer.ts";
import { isObject } from "../event-types/json-schema.ts";
import type { JsonObject } from "../event-types/json-schema.ts";
import { eidOf } from "./item-responses.ts";
import type { Failure } from "./item-responses.ts";
import { pathOf } from "./partition.ts";
import type { PublishedItem } from "./scan.ts";

/** The owners of a batch's events: each event may be written by its own only. */
export class Owners {
  readonly #selector: EventOwnerSelector;
  readonly #events: (Resource | undefined)[] = [];

  constructor(selector: EventOwnerSelector) {
    this.#selector = selector;
  }

  take({ value }: Pick<PublishedItem, "value">): void {
    this.#events.push(ownedEvent(this.#selector, value));
  }

  /** The first event that the caller may not write; nothing if there is none. */
  async denied(access: Access): Promise<Failure | undefined> {
    for (const [index, event] of this.#events.entries()) {
      if (!event || (await access.may("WRITE", event))) continue;
      return { step: "validating", index, detail: `Access on WRITE event:${event.name} denied` };
    }
    return undefined;
  }
}

/** The event as something that may be written to by its owner; nothing where it names none, for then it is anybody's. */
function ownedEvent({ type, name, value }: EventOwnerSelector, event: JsonObject): Resource | undefined {
  const owner = type === "static" ? value : type === "path" ? textAt(event, pathOf(value ?? "")) : undefined;
  if ((owner ?? null) === null) return undefined;
  return { type: "event", name: eidOf(event), authorization: { writers: [{ data_type: name, value: String(owner) }] } };
}

function textAt(event: JsonObject, path: readonly string[]): string | undefined {
  let at: unknown = event;
  for (const name of path) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  if ((at ?? null) === null) return undefined;
  return typeof at === "string" ? at : JSON.stringify(at);
}
