/**
 * The schema that validates events: the strictness of the compatibility mode first, then the additions of the category
 * (protocol 4.4).
 * @pure
 */
import type { Category, CleanupPolicy, CompatibilityMode } from "nakadi-protocol";
import { hashMapOrder } from "../java-text.ts";
import { isObject } from "./json-schema.ts";
import type { JsonObject } from "./json-schema.ts";

export interface EffectiveSchemaInput {
  name: string;
  category: Category;
  cleanup_policy: CleanupPolicy;
  compatibility_mode: CompatibilityMode;
}

/** A new object; `schema` is not changed. */
export function effectiveSchema(schema: JsonObject, eventType: EffectiveSchemaInput): JsonObject {
  const body = structuredClone(schema);
  if (eventType.compatibility_mode === "compatible") makeStrict(body);
  switch (eventType.category) {
    case "undefined":
      return body;
    case "business":
      return { ...body, ...withMetadata(body, eventType, []) };
    case "data":
      return wrapped(body, eventType);
  }
}

const OBJECT_KEYWORDS = ["properties", "required", "minProperties", "maxProperties"];
const ARRAY_KEYWORDS = ["minItems", "maxItems", "uniqueItems", "items"];
const COMBINING_KEYWORDS = ["anyOf", "allOf", "oneOf"];
const NESTED_KEYWORDS = ["definitions", "dependencies", "properties"];
const TYPING_KEYWORDS = [...OBJECT_KEYWORDS, ...ARRAY_KEYWORDS, ...COMBINING_KEYWORDS, "$ref", "type"];

/** Keywords in which a strict schema allows only objects: booleans and lists of names cannot forbid additional properties. */
export function strictnessFault(root: JsonObject): string | undefined {
  for (const { maps, lists } of strictParts(root)) {
    for (const map of maps) {
      const name = Object.keys(map).find((one) => !isObject(map[one]));
      if (name !== undefined) return `JSONObject[${JSON.stringify(name)}] is not a JSONObject.`;
    }
    for (const list of lists) {
      const index = list.findIndex((one) => !isObject(one));
      if (index >= 0) return `JSONArray[${index}] is not a JSONObject.`;
    }
  }
  return undefined;
}

interface StrictPart {
  schema: JsonObject;
  /** Keywords with subschemas by name. */
  maps: readonly JsonObject[];
  /** Keywords with lists of subschemas. */
  lists: readonly (readonly unknown[])[];
}

/** The subschemas that become strict, outer ones first. */
function* strictParts(root: JsonObject): Generator<StrictPart, void, undefined> {
  const waiting = [root];
  for (let schema = waiting.pop(); schema; schema = waiting.pop()) {
    const { items } = schema;
    const maps = NESTED_KEYWORDS.map((keyword) => schema?.[keyword]).filter(isObject);
    const lists = [...COMBINING_KEYWORDS, "items"].map((keyword) => schema?.[keyword]).filter(Array.isArray);
    yield { schema, maps, lists };
    waiting.push(...[...maps.flatMap(Object.values), ...lists.flat(), items].filter(isObject));
  }
}

/** Forbids properties that the schema does not name, even if it allows them. */
function makeStrict(root: JsonObject): void {
  for (const { schema } of strictParts(root)) {
    const types = [schema["type"]].flat();
    const has = (keyword: string): boolean => Object.hasOwn(schema, keyword);
    if (!TYPING_KEYWORDS.some(has) || types.includes("object") || OBJECT_KEYWORDS.some(has)) {
      schema["additionalProperties"] = false;
    }
    if (types.includes("array") || ARRAY_KEYWORDS.some(has)) schema["additionalItems"] = false;
  }
}

function wrapped({ definitions, ...data }: JsonObject, eventType: EffectiveSchemaInput): JsonObject {
  const wrapper = withMetadata({}, eventType, ["data_type", "data_op", "data"]);
  return {
    ...(data["$schema"] !== undefined && { $schema: data["$schema"] }),
    ...wrapper,
    properties: {
      ...wrapper.properties,
      data_type: { type: "string" },
      data_op: { type: "string", enum: ["C", "U", "D", "S"] },
      data,
    },
    ...(definitions !== undefined && { definitions }),
    additionalProperties: false,
  };
}

function withMetadata(
  body: JsonObject,
  eventType: EffectiveSchemaInput,
  alsoRequired: readonly string[],
): { type: "object"; properties: JsonObject; required: string[] } {
  const required = Array.isArray(body["required"]) ? body["required"].map(String) : [];
  return {
    type: "object",
    properties: {
      ...(isObject(body["properties"]) && body["properties"]),
      metadata: metadataSchema(eventType),
    },
    required: hashMapOrder([...new Set(["metadata", ...alsoRequired, ...required])]),
  };
}

const UUID_TEXT = {
  type: "string",
  pattern: "^[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}$",
};
const TEXT = { type: "string" };

/** The metadata that producers may set; members that the server sets are absent. */
function metadataSchema({ name, cleanup_policy }: EffectiveSchemaInput): JsonObject {
  const compacted = cleanup_policy !== "delete";
  return {
    type: "object",
    additionalProperties: false,
    properties: {
      eid: UUID_TEXT,
      occurred_at: TEXT,
      event_type: { type: "string", enum: [name] },
      partition: TEXT,
      parent_eids: { type: "array", items: UUID_TEXT },
      flow_id: TEXT,
      span_ctx: { type: "object", additionalProperties: TEXT },
      ...(compacted && { partition_compaction_key: { type: "string", minLength: 1 } }),
    },
    required: compacted ? ["eid", "occurred_at", "partition_compaction_key"] : ["eid", "occurred_at"],
  };
}
