/**
 * The structure of a JSON schema: its draft and its subschemas.
 * @pure
 */
export type JsonObject = Record<string, unknown>;
export type Draft = 4 | 6 | 7;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const META_SCHEMA = /^https?:\/\/json-schema\.org\/draft-0([467])\/schema#?$/;

/** The draft that `$schema` names; 4 without `$schema`, `undefined` for an unknown one. */
export function draftOf({ $schema }: JsonObject): Draft | undefined {
  if ($schema === undefined) return 4;
  const digit = typeof $schema === "string" ? META_SCHEMA.exec($schema)?.[1] : undefined;
  return digit === undefined ? undefined : (Number(digit) as Draft);
}

/** Keywords with subschemas by name, in a list, or single. `items` is a list or single, a dependency may be a list of names. */
const SCHEMA_MAPS: readonly string[] = ["properties", "patternProperties", "definitions", "dependencies"];
const SCHEMA_LISTS: readonly string[] = ["allOf", "anyOf", "oneOf", "items"];
const SINGLE_SCHEMAS: readonly string[] = [
  "items",
  "additionalItems",
  "additionalProperties",
  "not",
  "contains",
  "propertyNames",
  "if",
  "then",
  "else",
];

export interface LocatedSchema {
  schema: JsonObject;
  /** `#/properties/a`, escaped like everit's. */
  pointer: string;
}

/** `root` and every subschema in it that is an object, outer ones first. Not recursive. */
export function* everySchema(root: JsonObject): Generator<LocatedSchema, void, undefined> {
  const waiting: LocatedSchema[] = [{ schema: root, pointer: "#" }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    yield next;
    const found = [...subschemas(next)];
    waiting.push(...found.reverse());
  }
}

function* subschemas({ schema, pointer }: LocatedSchema): Generator<LocatedSchema, void, undefined> {
  for (const keyword of Object.keys(schema)) {
    const value = schema[keyword];
    const at = `${pointer}/${escapePointer(keyword)}`;
    if (Array.isArray(value) && SCHEMA_LISTS.includes(keyword)) {
      for (const [index, item] of value.entries())
        if (isObject(item)) yield { schema: item, pointer: `${at}/${index}` };
    } else if (isObject(value) && SCHEMA_MAPS.includes(keyword)) {
      for (const [name, item] of Object.entries(value)) {
        if (isObject(item)) yield { schema: item, pointer: `${at}/${escapePointer(name)}` };
      }
    } else if (isObject(value) && SINGLE_SCHEMAS.includes(keyword)) yield { schema: value, pointer: at };
  }
}

export function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The target of a reference inside the document; `undefined` for any other reference. */
export function referred(root: JsonObject, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  let at: unknown = root;
  for (const part of decoded(reference.slice(1)).split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const container = isObject(at) || Array.isArray(at) ? (at as JsonObject) : {};
    at = Object.hasOwn(container, name) ? container[name] : undefined;
  }
  return at;
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** JSON with sorted members, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join()}}`;
}
