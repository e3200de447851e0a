/**
 * Second step: is this event what its event type says, and is it small enough (protocol 4.4, 4.5).
 * @pure
 */
import type { Category } from "nakadi-protocol";
import { dateTimeFault } from "../event-types/date-time.ts";
import type { EventValidator } from "../event-types/event-validator.ts";
import { isObject } from "../event-types/json-schema.ts";
import type { JsonObject } from "../event-types/json-schema.ts";
import { exactNumbers } from "./exact-numbers.ts";
import type { PublishedItem } from "./scan.ts";

export interface ValidationRules {
  validator: EventValidator;
  category: Category;
  maxEventBytes: number;
}

/**
 * Why the event is refused; `undefined` if it is not. The size comes first: an event of 50 MB can break its schema in
 * 25 million places.
 */
export function validationFault(
  item: PublishedItem,
  { validator, category, maxEventBytes }: ValidationRules,
): string | undefined {
  const tooLarge = sizeFault(item, maxEventBytes);
  if (tooLarge !== undefined) return tooLarge;
  const exact = validator.tellsWholeNumbers && item.hasOddNumbers ? exactNumbers(item) : undefined;
  const fault = validator.faultOf(exact?.value ?? item.value, exact?.doubles);
  return fault ?? (category === "undefined" ? undefined : metadataFault(item.value));
}

/** What an event may be large counts as it was sent (protocol 4.5). */
export function sizeFault({ sentBytes }: Pick<PublishedItem, "sentBytes">, maxEventBytes: number): string | undefined {
  return sentBytes > maxEventBytes
    ? `Event too large: ${sentBytes} bytes, max size is ${maxEventBytes} bytes`
    : undefined;
}

/** The schema of metadata leaves this format to a second look. */
function metadataFault({ metadata }: JsonObject): string | undefined {
  const occurredAt = isObject(metadata) ? metadata["occurred_at"] : undefined;
  const fault = typeof occurredAt === "string" ? dateTimeFault(occurredAt) : undefined;
  return fault === undefined ? undefined : `#/metadata/occurred_at:${fault}`;
}
