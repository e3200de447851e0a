/**
 * The message of everit for one violation, without the pointer.
 * @pure
 */
import { dateTimeFault } from "./date-time.ts";
import { isObject } from "./json-schema.ts";

/** A finding of the schema library. */
export interface Finding {
  keyword: string;
  /** JSON pointer into the value, `""` for the root. */
  instancePath: string;
  /** Pointer into the schema. */
  schemaPath: string;
  params: Record<string, unknown>;
  schema?: unknown;
  parentSchema?: unknown;
  data?: unknown;
  /** The member whose name is invalid. */
  propertyName?: string;
}

type Sentence = (finding: Finding) => string;

const SENTENCES: Readonly<Record<string, Sentence>> = {
  type: ({ schema, data }) => typeSentence(schema, data),
  "nakadi:whole": () => "expected type: Integer, found: Double",
  required: ({ params }) => `required key [${text(params["missingProperty"])}] not found`,
  additionalProperties: ({ params }) => `extraneous key [${text(params["additionalProperty"])}] is not permitted`,
  dependencies: ({ params }) => `property [${text(params["missingProperty"])}] is required`,
  minProperties: ({ schema, data }) => `minimum size: [${text(schema)}], found: [${sizeOf(data)}]`,
  maxProperties: ({ schema, data }) => `maximum size: [${text(schema)}], found: [${sizeOf(data)}]`,
  minLength: ({ schema, data }) => `expected minLength: ${text(schema)}, actual: ${charactersIn(data)}`,
  maxLength: ({ schema, data }) => `expected maxLength: ${text(schema)}, actual: ${charactersIn(data)}`,
  pattern: ({ schema, data }) => `string [${text(data)}] does not match pattern ${text(schema)}`,
  minItems: ({ schema, data }) => `expected minimum item count: ${text(schema)}, found: ${sizeOf(data)}`,
  maxItems: ({ schema, data }) => `expected maximum item count: ${text(schema)}, found: ${sizeOf(data)}`,
  uniqueItems: () => "array items are not unique",
  additionalItems: ({ params, data }) => `expected: [${text(params["limit"])}] array items, found: [${sizeOf(data)}]`,
  contains: () => "expected at least one array item to match 'contains' schema",
  minimum: limitSentence,
  maximum: limitSentence,
  exclusiveMinimum: limitSentence,
  exclusiveMaximum: limitSentence,
  multipleOf: ({ schema, data }) => `${text(data)} is not a multiple of ${text(schema)}`,
  enum: ({ data }) => `${text(data)} is not a valid enum value`,
  const: () => "",
  not: ({ schema }) => `subject must not be valid against schema ${text(schema)}`,
  anyOf: ({ schema }) => `no subschema matched out of the total ${sizeOf(schema)} subschemas`,
  oneOf: ({ params }) =>
    `${Array.isArray(params["passingSchemas"]) ? params["passingSchemas"].length : 0} subschemas matched instead of one`,
  if: ({ params }) =>
    params["failingKeyword"] === "then"
      ? 'input is invalid against the "then" schema'
      : 'input is invalid against both the "if" and "else" schema',
  "false schema": () => "false schema always fails",
  format: ({ schema, data }) => formatSentence(text(schema), text(data)),
};

/** `undefined` for a finding that repeats others (`propertyNames`). */
export function sentenceOf(finding: Finding): string | undefined {
  return Object.hasOwn(SENTENCES, finding.keyword) ? SENTENCES[finding.keyword]?.(finding) : undefined;
}

/** Names of Java's classes for JSON values. */
const EXPECTED: Readonly<Record<string, string>> = {
  string: "String",
  number: "Number",
  integer: "Integer",
  boolean: "Boolean",
  object: "JSONObject",
  array: "JSONArray",
};

function typeSentence(type: unknown, data: unknown): string {
  if (Array.isArray(type)) return `no subschema matched out of the total ${type.length} subschemas`;
  const found = foundType(data);
  if (type === "null") return `expected: null, found: ${found}`;
  // The server reports a value that is not a number as such, also for `integer`.
  const wanted = type === "integer" && typeof data !== "number" ? "number" : text(type);
  return `expected type: ${EXPECTED[wanted]}, found: ${found}`;
}

const MAX_INT = 2 ** 31 - 1;

function foundType(data: unknown): string {
  if (data === null) return "Null";
  if (typeof data === "number") {
    if (!Number.isInteger(data)) return "Double";
    return data > MAX_INT || data < -MAX_INT - 1 ? "Long" : "Integer";
  }
  if (Array.isArray(data)) return "JSONArray";
  return EXPECTED[typeof data] ?? "Object";
}

const COMPARISONS: Readonly<Record<string, string>> = {
  ">=": "greater or equal to",
  ">": "greater than",
  "<=": "less or equal to",
  "<": "less than",
};

function limitSentence({ params, data }: Finding): string {
  return `${text(data)} is not ${COMPARISONS[text(params["comparison"])]} ${text(params["limit"])}`;
}

const FORMAT_NAMES: Readonly<Record<string, string>> = {
  email: "email address",
  hostname: "hostname",
  ipv4: "ipv4 address",
  ipv6: "ipv6 address",
  uri: "URI",
  regex: "regular expression",
};

function formatSentence(format: string, data: string): string {
  if (format === "date-time") return dateTimeFault(data) ?? "must be a valid date-time";
  return `[${data}] is not a valid ${FORMAT_NAMES[format] ?? format}`;
}

/** A value inside a message. */
function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Code points, which the server counts. */
function charactersIn(value: unknown): number {
  return typeof value === "string" ? Array.from(value).length : 0;
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}
