/**
 * What the value of each schema keyword has to look like. The validator's own meta-schemas are stricter than the
 * real server in places (`required: []` in draft 4), so this is checked here.
 * @pure
 */
import { isObject } from "./json-schema.ts";
import type { Draft } from "./json-schema.ts";

/** `at` is the pointer behind the schema's own; the keyword if it is absent. */
export interface KeywordFault {
  message: string;
  at?: string;
}

type Shape = (value: unknown, draft: Draft) => KeywordFault | undefined;

const TYPES: readonly unknown[] = [
  "string",
  "number",
  "integer",
  "boolean",
  "object",
  "array",
  "null",
];

const text: Shape = (value) => expect(typeof value === "string", "String", value);
const flag: Shape = (value) => expect(typeof value === "boolean", "Boolean", value);
const number: Shape = (value) => expect(typeof value === "number", "Number", value);
const count: Shape = (value) =>
  expect(Number.isSafeInteger(value), "Integer", value) ??
  (Number(value) < 0 ? { message: "must not be negative" } : undefined);
const list: Shape = (value) => expect(Array.isArray(value), "JsonArray", value);
const schema: Shape = (value, draft) =>
  expect(isObject(value) || (typeof value === "boolean" && draft > 4), "JsonObject", value);
const schemaOrFlag: Shape = (value) =>
  expect(isObject(value) || typeof value === "boolean", "Boolean or JsonObject", value);
const schemas: Shape = (value, draft) => list(value, draft) ?? firstFault(value, draft, schema);
const texts: Shape = (value, draft) => list(value, draft) ?? firstFault(value, draft, text);
const schemaMap: Shape = (value, draft) =>
  expect(isObject(value), "JsonObject", value) ?? firstFault(value, draft, schema);
const dependency: Shape = (value, draft) =>
  Array.isArray(value) ? texts(value, draft) : schema(value, draft);

const SHAPES: Readonly<Record<string, Shape>> = {
  type: (value) => {
    const unknown = [value].flat().find((type) => !TYPES.includes(type));
    return unknown === undefined
      ? undefined
      : { message: `unknown type: [${String(unknown)}]`, at: "" };
  },
  properties: schemaMap,
  patternProperties: schemaMap,
  definitions: schemaMap,
  dependencies: (value, draft) =>
    expect(isObject(value), "JsonObject", value) ?? firstFault(value, draft, dependency),
  items: (value, draft) => (Array.isArray(value) ? schemas(value, draft) : schema(value, draft)),
  additionalItems: schemaOrFlag,
  additionalProperties: schemaOrFlag,
  allOf: schemas,
  anyOf: schemas,
  oneOf: schemas,
  not: schema,
  contains: sinceDraft(6, schema),
  propertyNames: sinceDraft(6, schema),
  if: sinceDraft(7, schema),
  then: sinceDraft(7, schema),
  else: sinceDraft(7, schema),
  required: texts,
  enum: list,
  maximum: number,
  minimum: number,
  exclusiveMaximum: (value, draft) => (draft === 4 ? flag : number)(value, draft),
  exclusiveMinimum: (value, draft) => (draft === 4 ? flag : number)(value, draft),
  multipleOf: (value, draft) =>
    number(value, draft) ?? (Number(value) > 0 ? undefined : { message: "must be greater than 0" }),
  maxLength: count,
  minLength: count,
  maxItems: count,
  minItems: count,
  maxProperties: count,
  minProperties: count,
  uniqueItems: flag,
  pattern: text,
  format: text,
  $ref: text,
};

/** What is wrong with the value of `keyword`; unknown keywords may hold anything. */
export function keywordFault(
  keyword: string,
  value: unknown,
  draft: Draft,
): KeywordFault | undefined {
  return Object.hasOwn(SHAPES, keyword) ? SHAPES[keyword]?.(value, draft) : undefined;
}

function sinceDraft(first: Draft, shape: Shape): Shape {
  return (value, draft) => (draft < first ? undefined : shape(value, draft));
}

/** Of the elements of an array or the members of an object. */
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
