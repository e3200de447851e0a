/**
 * `X-CONSUMER-TAG`: restricts events to one subscription (protocol 4.9).
 * @pure
 */
import { isUuid } from "nakadi-protocol";
import { ProblemError } from "../problems.ts";

const SUBSCRIPTION = "CONSUMER_SUBSCRIPTION_ID";
/** The server uses this tag internally and refuses it from producers. */
const INTERNAL = "DEBUG_PUBLISHER_TOPIC_ID";

/**
 * The id of the subscription; absent without the header.
 * @throws {ProblemError} 422
 */
export function consumerTag(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = header.replace(/\s+/g, "");
  if (text === "") refuse("X-CONSUMER-TAG: is empty!");
  const entries = text.split(",");
  let subscription: string | undefined;
  for (const entry of entries) {
    const [name = "", value, ...rest] = entry.split("=");
    if (value === undefined || value === "" || rest.length > 0) {
      refuse(`header tag parameter is imbalanced, expected: 2 but provided ${entries.length}`);
    }
    const tag = name.toUpperCase();
    if (tag === INTERNAL) refuse(`header tag unsupported: ${name}`);
    if (tag !== SUBSCRIPTION) refuse(`invalid header tag: ${name}`);
    if (subscription !== undefined) refuse(`duplicate header tag: ${SUBSCRIPTION}`);
    if (!isUuid(value)) refuse(`header tag value: ${value} is not an UUID`);
    subscription = value.toLowerCase();
  }
  return subscription;
}

function refuse(detail: string): never {
  throw new ProblemError(422, detail);
}
