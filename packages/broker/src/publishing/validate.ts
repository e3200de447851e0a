/**
 * Validates the size of an event, its schema and its metadata (protocol 4.4, 4.5).
 * @pure
 */
import type { Category } from "nakadi-protocol";
import { dateTimeFault } from "../event-types/schema/date-time.ts";
import type { EventValidator } from "../event-types/schema/event-validator.ts";
import { isObject } from "../event-types/schema/json-schema.ts";
import type { JsonObject } from "../event-types/schema/json-schema.ts";
import { exactNumbers } from "./exact-numbers.ts";
import type { PublishedItem } from "./scan.ts";

export interface ValidationRules {
  validator: EventValidator;
  category: Category;
  maxEventBytes: number;
}

/**
 * Why the event is refused; `undefined` if it is valid. The size is checked first, because an event of 50 MB can violate
 * its schema 25 million times.
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

/** The limit applies to the event as sent (protocol 4.5). */
export function sizeFault({ sentBytes }: Pick<PublishedItem, "sentBytes">, maxEventBytes: number): string | undefined {
  return sentBytes > maxEventBytes
    ? `Event too large: ${sentBytes} bytes, max size is ${maxEventBytes} bytes`
    : undefined;
}

/** The effective schema does not check the format of `occurred_at`. */
function metadataFault({ metadata }: JsonObject): string | undefined {
  const occurredAt = isObject(metadata) ? metadata["occurred_at"] : undefined;
  const fault = typeof occurredAt === "string" ? dateTimeFault(occurredAt) : undefined;
  return fault === undefined ? undefined : `#/metadata/occurred_at:${fault}`;
}
