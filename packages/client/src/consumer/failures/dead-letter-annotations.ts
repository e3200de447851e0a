/**
 * Dead letters of the server: annotations of a subscription that make it skip events that no consumer commits (protocol 3.12).
 * They cover the failure that no client can handle: an event that ends the process.
 * @pure
 */
import { ConfigError } from "../../errors/nakadi-error.ts";
import { knownMembers, wholeNumber } from "../../options/checks.ts";

export interface ServerDeadLetters {
  /** How often an event is sent without a commit before the server skips it, 2..10. */
  maxSendCount: number;
  /** `SKIP_EVENT`: it is dropped; `DEAD_LETTER_QUEUE`: it is published to `nakadi.dead.letter.queue`. */
  policy: "SKIP_EVENT" | "DEAD_LETTER_QUEUE";
}

const COUNT = "nakadi.zalando.org/subscription-max-event-send-count";
const POLICY = "nakadi.zalando.org/subscription-unprocessable-event-policy";
const POLICIES: readonly unknown[] = ["SKIP_EVENT", "DEAD_LETTER_QUEUE"];

/** Annotations for `subscriptions.create` and `update`. @throws {ConfigError} for what the server would refuse */
export function deadLetterAnnotations(options: ServerDeadLetters): Record<string, string> {
  knownMembers("options", options, ["maxSendCount", "policy"]);
  const count = wholeNumber("options.maxSendCount", options.maxSendCount, { min: 2, max: 10 }, Number.NaN);
  if (Number.isNaN(count)) throw new ConfigError("options.maxSendCount", "a whole number from 2 to 10");
  if (!POLICIES.includes(options.policy)) throw new ConfigError("options.policy", "SKIP_EVENT or DEAD_LETTER_QUEUE");
  return { [COUNT]: String(count), [POLICY]: options.policy };
}

/** What the annotations of a subscription say about it; `undefined` where it is off. */
export function readDeadLetterAnnotations(
  annotations: Readonly<Record<string, string>> | null | undefined,
): ServerDeadLetters | undefined {
  const { [COUNT]: count, [POLICY]: policy } = annotations ?? {};
  if (count === undefined || !POLICIES.includes(policy)) return undefined;
  return { maxSendCount: Number(count), policy: policy as ServerDeadLetters["policy"] };
}
