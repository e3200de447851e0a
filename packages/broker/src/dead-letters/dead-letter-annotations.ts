/**
 * The two annotations of a subscription that make events dead letters after failed sends (protocol 3.12.1).
 * @pure
 */
import type { Violation } from "../problems.ts";

const MAX_SENDS = "nakadi.zalando.org/subscription-max-event-send-count";
const POLICY = "nakadi.zalando.org/subscription-unprocessable-event-policy";
const POLICIES = ["SKIP_EVENT", "DEAD_LETTER_QUEUE"] as const;
const SENDS = { min: 2, max: 10 };

export interface DeadLetterRules {
  /** Failed sends after which an event is a dead letter: 2 to 10. */
  maxSends: number;
  /** What happens to a dead letter. */
  policy: (typeof POLICIES)[number];
}

/** `undefined` if the subscription has no dead letters. */
export function deadLetterRules(annotations: Readonly<Record<string, string>>): DeadLetterRules | undefined {
  const policy = POLICIES.find((one) => one === annotations[POLICY]);
  const maxSends = annotations[MAX_SENDS];
  return policy && maxSends !== undefined ? { policy, maxSends: Number(maxSends) } : undefined;
}

/** Faults: only one of the two is set, or a value is invalid. */
export function deadLetterViolations(annotations: Readonly<Record<string, string>>): Violation[] {
  const messages: string[] = [];
  const maxSends = annotations[MAX_SENDS];
  const policy = annotations[POLICY];
  if (maxSends !== undefined) {
    if (!/^[-+]?[0-9]+$/.test(maxSends)) messages.push(`${MAX_SENDS} must be an integer`);
    else if (Number(maxSends) < SENDS.min || Number(maxSends) > SENDS.max)
      messages.push(`${MAX_SENDS} must be between ${SENDS.min} and ${SENDS.max}`);
    if (policy === undefined) messages.push(`${POLICY} must be also set when setting ${MAX_SENDS}`);
  }
  if (policy !== undefined) {
    if (!POLICIES.some((one) => one === policy)) messages.push(`${POLICY} must be one of: ${POLICIES.join(", ")}`);
    if (maxSends === undefined) messages.push(`${MAX_SENDS} must be also set when setting ${POLICY}`);
  }
  return messages.map((message) => ({ field: "annotations", message }));
}
