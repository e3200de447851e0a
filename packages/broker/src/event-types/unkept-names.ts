/**
 * The JSON schema library passes over members named `__proto__`, wherever a schema names members. They are said in another
 * way, for an event may have one as any other.
 * @pure
 */
import { isObject } from "./json-schema.ts";
import type { JsonObject } from "./json-schema.ts";

const NAME = "__proto__";
/** What means the same as a pattern. */
const AS_PROPERTY = `^${NAME}$`;
const AS_PATTERN = `(?:${NAME})`;

/** Changes one schema in place: not those inside of it. */
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

/** What the name stands for in a map of the schema, which no longer has it. */
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
