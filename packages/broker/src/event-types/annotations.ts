/**
 * Keys and values of annotations and labels, of event types and subscriptions (protocol 5.1.4).
 * @pure
 */
import type { Violation } from "../problems.ts";

/** Each rule is checked on its own, so one key can violate several. */
const KEY_RULES: readonly { message: string; rule: RegExp }[] = [
  { message: "Key cannot be empty", rule: /^[^]/ },
  {
    message: "Key name should be an optional lowercase domain name with path",
    rule: /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?[^/]*$/,
  },
  {
    message: "Key prefix cannot be more than 253 characters.",
    rule: /^(?:[-.a-z0-9]{0,253}\/)?[^/]*$/,
  },
  {
    message: "Key name cannot be more than 63 characters.",
    rule: /^(?:[-.a-z0-9]+\/)?[^/]{0,63}$/,
  },
  {
    message: "Key name should start and end with a letter or a digit",
    rule: /^(?:[^/]+\/)?[a-zA-Z0-9](?:[a-zA-Z0-9_.-]*[a-zA-Z0-9])?$/,
  },
];

const LABEL_VALUE = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9_.-]*[a-zA-Z0-9])?)?$/;
const MAX_LABEL_VALUE_LENGTH = 63;
const MAX_ANNOTATION_VALUE_LENGTH = 1_000;

/** The violations of `annotations`; fields read `annotations[<key>]`. */
export function annotationViolations(annotations: Readonly<Record<string, string>>): Violation[] {
  return mapViolations("annotations", annotations, (value) =>
    value.length > MAX_ANNOTATION_VALUE_LENGTH
      ? `size must be between 0 and ${MAX_ANNOTATION_VALUE_LENGTH}`
      : undefined,
  );
}

/** The violations of `labels`; fields read `labels[<key>]`. */
export function labelViolations(labels: Readonly<Record<string, string>>): Violation[] {
  return mapViolations("labels", labels, (value) =>
    value.length > MAX_LABEL_VALUE_LENGTH || !LABEL_VALUE.test(value)
      ? "Should contain only allowed symbols"
      : undefined,
  );
}

function mapViolations(
  member: string,
  map: Readonly<Record<string, string>>,
  faultOf: (value: string) => string | undefined,
): Violation[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const messages = KEY_RULES.filter(({ rule }) => !rule.test(key)).map(({ message }) => message);
    const fault = faultOf(value);
    if (fault !== undefined) messages.push(fault);
    return messages.map((message) => ({ field: `${member}[${snakeCase(key)}]`, message }));
  });
}

/** The server writes map keys inside a path in snake case too: `Upper.org/x` reads `_upper.org/x`. */
function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
