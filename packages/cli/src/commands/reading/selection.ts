/**
 * Which events are shown.
 * @pure
 */
import type { EventType } from "nakadi-client";
import { EXIT } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { type ExactJson, exactText, parseExact } from "../../json/exact-json.ts";
import { compileExact } from "./exact-jmespath.ts";

export interface SelectionFlags {
  /** What the event type's key fields, or its compaction key, must say. */
  key?: string;
  /** A JMESPath expression that must hold. */
  where?: string;
}

/** How the library says that a function was given what it does not take. */
const VALUES_DO_NOT_FIT = /^Invalid (type|value)/;

/** @param text gives the event as it is stored */
export type Selection = (event: unknown, text: () => string) => boolean;

/** @throws {Failure} if the expression is none, or the event type has no keys */
export function selectionOf({ key, where }: SelectionFlags, eventTypes: readonly EventType[]): Selection {
  const tests: Selection[] = [];
  if (where !== undefined) tests.push(whereTest(where));
  if (key !== undefined) tests.push(keyTest(key, eventTypes));
  return (event, text) => tests.every((test) => test(event, text));
}

/** What `expression` says of an event; `null` where it does not fit its values. @throws {Failure} if it is none */
export function projectionOf(expression: string): (event: ExactJson) => ExactJson {
  let project: (event: ExactJson) => ExactJson;
  try {
    project = compileExact(expression);
  } catch (error) {
    throw noExpression(expression, error);
  }
  return (event) => {
    try {
      return project(event);
    } catch (error) {
      // A function that does not fit this event's values; anything else fits none.
      if (VALUES_DO_NOT_FIT.test((error as Error).message)) return null;
      throw noExpression(expression, error);
    }
  };
}

function noExpression(expression: string, error: unknown): Failure {
  return new Failure(
    `"${expression}" is not a JMESPath expression: ${(error as Error).message}. One looks like ` +
      "order.total > `100` && status == 'open': numbers stand in backticks, texts in quotes (https://jmespath.org)",
    EXIT.usage,
  );
}

/** As JMESPath's own filters: null, false and what is empty do not hold; 0 does. */
function whereTest(expression: string): Selection {
  const project = projectionOf(expression);
  return (event) => {
    const found = project(event as ExactJson);
    if (found === null || found === false || found === "") return false;
    return typeof found !== "object" || Object.keys(found).length > 0;
  };
}

function keyTest(key: string, eventTypes: readonly EventType[]): Selection {
  const fields = eventTypes.map(({ category, partition_key_fields = [] }) =>
    partition_key_fields.map((field) => (category === "data" && !field.startsWith("data.") ? `data.${field}` : field)),
  );
  const compacted = eventTypes.some(({ cleanup_policy = "delete" }) => cleanup_policy !== "delete");
  if (fields.every((one) => one.length === 0) && !compacted) {
    const names = eventTypes.map(({ name }) => name).join(", ");
    throw new Failure(
      `--key: the events of ${names} have no key: no partition_key_fields, no compaction. Use --where`,
      EXIT.usage,
    );
  }
  return (_event, text) => {
    const event = parseExact(text());
    if (at(event, "metadata.partition_compaction_key") === key) return true;
    return fields.some((one) => one.length > 0 && one.map((field) => textOf(at(event, field))).join(",") === key);
  };
}

function at(event: ExactJson, path: string): ExactJson | undefined {
  return path
    .split(".")
    .reduce<ExactJson | undefined>(
      (value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined),
      event,
    );
}

function textOf(value: ExactJson | undefined): string {
  return typeof value === "string" ? value : value === undefined ? "" : exactText(value);
}

function isRecord(value: ExactJson | undefined): value is { [name: string]: ExactJson } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
