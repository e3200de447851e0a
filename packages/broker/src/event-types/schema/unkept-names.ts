/**
 * The JSON schema library ignores members named `__proto__`, which an event may have. Schemas that name them are rewritten
 * to equivalent patterns.
 * @pure
 */
import { isObject } from "./json-schema.ts";
import type { JsonObject } from "./json-schema.ts";

const NAME = "__proto__";
/** The pattern that matches only the name. */
const AS_PROPERTY = `^${NAME}$`;
const AS_PATTERN = `(?:${NAME})`;

/** Rewrites one schema in place, without its subschemas. */
export function keepUnkeptNames(schema: JsonObject): void {
  const property = taken(schema, "properties");
  const pattern = taken(schema, "patternProperties");
  const dependency = taken(schema, "dependencies");
  if (property !== undefined) addPattern(schema, AS_PROPERTY, property);
  if (pattern !== undefined) addPattern(schema, AS_PATTERN, pattern);
  if (dependency !== undefined) {
    const then = Array.isArray(dependency) ? { required: dependency } : dependency;
    const before: readonly unknown[] = Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
    schema["allOf"] = [...before, { anyOf: [{ not: { required: [NAME] } }, then] }];
  }
  const { $ref } = schema;
  if (typeof $ref !== "string" || !$ref.includes(NAME)) return;
  schema["$ref"] = $ref
    .replaceAll(`/patternProperties/${NAME}`, `/patternProperties/${encodeURIComponent(AS_PATTERN)}`)
    .replaceAll(`/properties/${NAME}`, `/patternProperties/${encodeURIComponent(AS_PROPERTY)}`);
}

/** Removes the name from a map of the schema, and returns its value. */
function taken(schema: JsonObject, keyword: string): unknown {
  const map = schema[keyword];
  if (!isObject(map) || !Object.hasOwn(map, NAME)) return undefined;
  const value = map[NAME];
  delete map[NAME];
  return value;
}

function addPattern(schema: JsonObject, pattern: string, value: unknown): void {
  const { patternProperties } = schema;
  const others = isObject(patternProperties) ? patternProperties : {};
  let name = pattern;
  while (Object.hasOwn(others, name)) name = `(?:${name})`;
  schema["patternProperties"] = { ...others, [name]: value };
}
