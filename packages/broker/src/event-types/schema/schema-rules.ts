/**
 * The rules for schemas of event types (protocol 5.3). Each fault is a plain 422.
 * @pure
 */
import type { Category, CompatibilityMode } from "nakadi-protocol";
import type { Limits } from "../../limits.ts";
import { ProblemError } from "../../problems.ts";
import { effectiveSchema, strictnessFault } from "./effective-schema.ts";
import type { EventTypeRequest } from "../event-type-request.ts";
import { canonicalJson, draftOf, escapePointer, everySchema, isObject, referred } from "./json-schema.ts";
import type { Draft, JsonObject } from "./json-schema.ts";
import { keywordFault } from "./keyword-shapes.ts";
import { Pattern, PatternError } from "./pattern.ts";
import { JsonSyntaxError, parseStrictly } from "./strict-json.ts";

export interface SchemaRulesInput {
  category: Category;
  compatibility_mode: CompatibilityMode;
}

/**
 * Checks all rules for the schema of an event type.
 * @returns the schema that validates events; `undefined` for Avro
 * @throws {ProblemError} 422
 */
export function checkSchema(request: EventTypeRequest, limits: Limits): JsonObject | undefined {
  const { schema, event_owner_selector: selector, ordering_key_fields, ordering_instance_ids } = request;
  if (schema.type === "avro_schema") {
    checkAvroText(schema.schema, limits);
    return undefined;
  }
  const effective = effectiveSchema(readJsonSchema(schema.schema, request, limits), request);
  checkFields(effective, {
    event_owner_selector: selector?.type === "path" ? (selector.value ?? "null") : undefined,
    ordering_key_fields,
    ordering_instance_ids,
  });
  return effective;
}

/**
 * Parses a JSON schema and checks the rules for the schema alone.
 * @throws {ProblemError} 422
 */
export function readJsonSchema(
  text: string,
  { category, compatibility_mode }: SchemaRulesInput,
  { maxSchemaLength, maxEventDepth }: Pick<Limits, "maxSchemaLength" | "maxEventDepth">,
): JsonObject {
  if (text.length > maxSchemaLength) refuse(`schema must not be longer than ${maxSchemaLength} characters`);
  const schema = parseSchema(text, maxEventDepth);
  const { type } = schema;
  if (type !== undefined && typeof type !== "string")
    refuse('schema must be a valid json: JSONObject["type"] not a string.');
  if (type !== undefined && type !== "object") refuse('"type" of root element in schema can only be "object"');
  const draft = draftOf(schema);
  if (draft === undefined) refuse("schema must be a valid json-schema: #: could not determine version");
  checkSubschemas(schema, draft);
  if (category === "business" && definesProperty(schema, ["metadata"])) refuse('"metadata" property is reserved');
  if (compatibility_mode === "compatible") {
    const fault = strictnessFault(schema);
    if (fault !== undefined) refuse(`schema must be a valid json: ${fault}`);
    checkVocabulary(schema);
  }
  return schema;
}

/**
 * Checks that the effective schema defines the fields that the event type names.
 * @throws {ProblemError} 422
 */
function checkFields(
  effective: JsonObject,
  fields: {
    event_owner_selector: string | undefined;
    ordering_key_fields: string[];
    ordering_instance_ids: string[];
  },
): void {
  const { event_owner_selector, ordering_key_fields, ordering_instance_ids } = fields;
  const demand = (name: string, paths: readonly string[]): void => {
    const absent = paths.filter((path) => !definesProperty(effective, path.split(".")));
    if (absent.length > 0) refuse(`${name} [${absent.join(", ")}] absent in schema`);
  };
  if (event_owner_selector !== undefined) demand("event_owner_selector.value", [event_owner_selector]);
  if (ordering_instance_ids.length > 0 && ordering_key_fields.length === 0) {
    refuse("`ordering_instance_ids` field can not be defined without defining `ordering_key_fields`");
  }
  demand("ordering_key_fields", ordering_key_fields);
  demand("ordering_instance_ids", ordering_instance_ids);
}

/**
 * Checks an Avro schema without its library: JSON within the limits of size and depth.
 * @throws {ProblemError} 422
 */
function checkAvroText(text: string, { maxSchemaLength, maxEventDepth }: Limits): void {
  if (text.length > maxSchemaLength) refuse(`schema must not be longer than ${maxSchemaLength} characters`);
  parsedOr(text, maxEventDepth, () => `failed to parse avro schema ${text.slice(0, MAX_QUOTED)}`);
}

const MAX_QUOTED = 100;

function parsedOr(text: string, maxDepth: number, sentence: (fault: JsonSyntaxError) => string): unknown {
  try {
    return parseStrictly(text, { maxDepth });
  } catch (error) {
    if (error instanceof JsonSyntaxError) refuse(sentence(error));
    throw error;
  }
}

/**
 * The canonical text of a schema, whatever the order of its members.
 * @throws {ProblemError} 422 for invalid JSON
 */
export function schemaMeaning({ type, schema }: EventTypeRequest["schema"], maxDepth: number): string {
  return `${type} ${canonicalJson(parsedOr(schema, maxDepth, ({ message }) => `schema must be a valid json: ${message}`))}`;
}

function parseSchema(text: string, maxDepth: number): JsonObject {
  const schema = parsedOr(text, maxDepth, ({ message }) => `schema must be a valid json: ${message}`);
  if (isObject(schema)) return schema;
  refuse("schema must be a valid json: A JSON object is expected");
}

/** Instructions of all patterns of a schema: compiling them takes about a second. */
const MAX_PATTERNS_SIZE = 30_000;

function checkSubschemas(root: JsonObject, draft: Draft): void {
  let patternsSize = 0;
  for (const { schema, pointer } of everySchema(root)) {
    for (const [keyword, value] of Object.entries(schema)) {
      const fault = keywordFault(keyword, value, draft);
      if (fault !== undefined) {
        refuse(
          `schema must be a valid json-schema: ${pointer}${fault.at ?? `/${escapePointer(keyword)}`}: ${fault.message}`,
        );
      }
    }
    const { $ref, pattern, patternProperties } = schema;
    if (typeof $ref === "string" && !$ref.startsWith("#")) {
      refuse(`external url reference is not supported: ${$ref.replace(/#.*$/s, "")}`);
    }
    const patterns = isObject(patternProperties) ? Object.keys(patternProperties) : [];
    if (typeof pattern === "string") patterns.push(pattern);
    for (const source of patterns) {
      patternsSize += patternOf(source).size;
      if (patternsSize > MAX_PATTERNS_SIZE)
        refuse(`invalid regex pattern in the schema: all patterns together have more than ${MAX_PATTERNS_SIZE} steps`);
    }
  }
}

function patternOf(source: string): Pattern {
  try {
    return new Pattern(source);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    refuse(`invalid regex pattern in the schema: ${error.description} "${error.part}"`);
  }
}

/** Whether `properties` name a path of members, also by way of references and combinations. */
function definesProperty(root: JsonObject, path: readonly string[]): boolean {
  /** By index in the path: each schema is visited once, however many references it has. */
  const seen = path.map(() => new Set<JsonObject>());
  const defines = (schema: unknown, at: number): boolean => {
    if (at === path.length) return true;
    if (!isObject(schema) || seen[at]?.has(schema)) return false;
    seen[at]?.add(schema);
    const { $ref, properties, allOf, anyOf, oneOf } = schema;
    if (typeof $ref === "string") return defines(referred(root, $ref), at);
    const name = path[at] ?? "";
    if (isObject(properties) && Object.hasOwn(properties, name) && defines(properties[name], at + 1)) return true;
    return [allOf, anyOf, oneOf].flat().some((part) => part !== undefined && defines(part, at));
  };
  return defines(root, 0);
}

/** Keywords that evolution in `compatible` mode can compare. */
const COMPATIBLE_KEYWORDS: ReadonlySet<string> = new Set(
  [
    ["id", "$schema", "$ref", "title", "description", "default"],
    ["multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"],
    ["maxLength", "minLength", "pattern", "format"],
    ["items", "maxItems", "minItems", "uniqueItems"],
    [
      "maxProperties",
      "minProperties",
      "required",
      "additionalProperties",
      "properties",
      "patternProperties",
      "dependencies",
    ],
    ["definitions", "enum", "type", "allOf", "anyOf", "oneOf"],
  ].flat(),
);

function checkVocabulary(root: JsonObject): void {
  const faults: string[] = [];
  for (const { schema, pointer } of everySchema(root)) {
    for (const keyword of Object.keys(schema)) {
      if (COMPATIBLE_KEYWORDS.has(keyword)) continue;
      faults.push(`Invalid schema found in [${pointer}]: extraneous key [${keyword}] is not permitted`);
    }
  }
  if (faults.length > 0) refuse(`Invalid schema: ${faults.join(", ")}`);
}

function refuse(detail: string): never {
  throw new ProblemError(422, detail);
}
