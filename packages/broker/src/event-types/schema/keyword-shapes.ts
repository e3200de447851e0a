/**
 * The valid values of each schema keyword. The meta-schemas of the library are stricter than the real server in places
 * (`required: []` in draft 4), so they are not used.
 * @pure
 */
import { isObject } from "./json-schema.ts";
import type { Draft } from "./json-schema.ts";

/** `at` is a pointer relative to the schema; by default the keyword. */
export interface KeywordFault {
  message: string;
  at?: string;
}

type Shape = (value: unknown, draft: Draft) => KeywordFault | undefined;

const TYPES: readonly unknown[] = ["string", "number", "integer", "boolean", "object", "array", "null"];

const text: Shape = (value) => expect(typeof value === "string", "String", value);
const flag: Shape = (value) => expect(typeof value === "boolean", "Boolean", value);
const number: Shape = (value) => expect(typeof value === "number", "Number", value);
const count: Shape = (value) =>
  expect(Number.isSafeInteger(value), "Integer", value) ??
  (Number(value) < 0 ? { message: "must not be negative" } : undefined);
const list: Shape = (value) => expect(Array.isArray(value), "JsonArray", value);
/** The real validator accepts true and false as schemas in draft 4, too. */
const schema: Shape = (value) => expect(isObject(value) || typeof value === "boolean", "JsonObject", value);
const schemaOrFlag: Shape = (value) =>
  expect(isObject(value) || typeof value === "boolean", "Boolean or JsonObject", value);
const schemas: Shape = (value, draft) => list(value, draft) ?? firstFault(value, draft, schema);
const texts: Shape = (value, draft) => list(value, draft) ?? firstFault(value, draft, text);
const schemaMap: Shape = (value, draft) =>
  expect(isObject(value), "JsonObject", value) ?? firstFault(value, draft, schema);
const dependency: Shape = (value, draft) => (Array.isArray(value) ? texts(value, draft) : schema(value, draft));

const type: Shape = (value) => {
  const unknown = [value].flat().find((one) => !TYPES.includes(one));
  if (unknown === undefined) return undefined;
  return {
    message: `unknown type: [${typeof unknown === "string" ? unknown : JSON.stringify(unknown)}]`,
    at: "",
  };
};
const dependencies: Shape = (value, draft) =>
  expect(isObject(value), "JsonObject", value) ?? firstFault(value, draft, dependency);
const items: Shape = (value, draft) => (Array.isArray(value) ? schemas : schema)(value, draft);
const exclusiveLimit: Shape = (value, draft) => (draft === 4 ? flag : number)(value, draft);
const divisor: Shape = (value, draft) =>
  number(value, draft) ?? (Number(value) > 0 ? undefined : { message: "must be greater than 0" });

const KEYWORDS: readonly [Shape, ...string[]][] = [
  [type, "type"],
  [schemaMap, "properties", "patternProperties", "definitions"],
  [dependencies, "dependencies"],
  [items, "items"],
  [schemaOrFlag, "additionalItems", "additionalProperties"],
  [schemas, "allOf", "anyOf", "oneOf"],
  [schema, "not"],
  [sinceDraft(6, schema), "contains", "propertyNames"],
  [sinceDraft(7, schema), "if", "then", "else"],
  [texts, "required"],
  [list, "enum"],
  [number, "maximum", "minimum"],
  [exclusiveLimit, "exclusiveMaximum", "exclusiveMinimum"],
  [divisor, "multipleOf"],
  [count, "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"],
  [flag, "uniqueItems"],
  [text, "pattern", "format", "title", "description", "$ref"],
];

const SHAPES: ReadonlyMap<string, Shape> = new Map(
  KEYWORDS.flatMap(([shape, ...keywords]) => keywords.map((keyword) => [keyword, shape] as const)),
);

/** The fault in the value of `keyword`; unknown keywords may have any value. */
export function keywordFault(keyword: string, value: unknown, draft: Draft): KeywordFault | undefined {
  return SHAPES.get(keyword)?.(value, draft);
}

function sinceDraft(first: Draft, shape: Shape): Shape {
  return (value, draft) => (draft < first ? undefined : shape(value, draft));
}

/** The first fault in the elements of an array or the members of an object. */
function firstFault(container: unknown, draft: Draft, shape: Shape): KeywordFault | undefined {
  for (const item of Object.values(container as object)) {
    const fault = shape(item, draft);
    if (fault) return fault;
  }
  return undefined;
}

function expect(holds: boolean, wanted: string, value: unknown): KeywordFault | undefined {
  return holds ? undefined : { message: `expected type: ${wanted}, found: ${typeName(value)}` };
}

function typeName(value: unknown): string {
  if (value === null) return "Null";
  if (Array.isArray(value)) return "JsonArray";
  if (typeof value === "object") return "JsonObject";
  if (typeof value === "number") return Number.isInteger(value) ? "Integer" : "Double";
  return typeof value === "string" ? "String" : "Boolean";
}
