/**
 * A subschema as the real server's validator (everit 1.8) reads it: a node of one kind, which ignores the keywords of other
 * kinds. Evolution compares nodes (protocol 5.4).
 * @pure
 */
import { isObject, referred } from "../schema/json-schema.ts";
import type { Draft, JsonObject } from "../schema/json-schema.ts";

type Criterion = "allOf" | "anyOf" | "oneOf";

type Type = "object" | "array" | "string" | "number" | "boolean" | "null";
type Kind = Type | "enum" | "const" | "not" | "conditional" | "reference" | "empty" | "true" | "false";

/** `source` holds title, description and the keywords of the node's kind. */
export type SchemaNode =
  | { kind: Kind; source: JsonObject }
  | { kind: "combined"; source: JsonObject; criterion: Criterion; parts: readonly Part[] };

/** Part of a combination: a schema, read when it is compared because it may contain itself, or a derived node. */
export type Part = { schema: unknown } | { node: SchemaNode };

const ARRAY_KEYWORDS = ["items", "additionalItems", "minItems", "maxItems", "uniqueItems"];
const OBJECT_KEYWORDS =
  "properties required minProperties maxProperties dependencies patternProperties additionalProperties".split(" ");
const NUMBER_KEYWORDS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const STRING_KEYWORDS = ["minLength", "maxLength", "pattern", "format"];
const CRITERIA: readonly Criterion[] = ["allOf", "anyOf", "oneOf"];

/** An empty schema is an object without keywords, a reference is a node of its own. */
export function schemaNode(schema: unknown, draft: Draft): SchemaNode {
  const node = nodeOf(schema, draft);
  return node.kind === "empty" ? { ...node, kind: "object" } : node;
}

/** The target of a reference; members beside the reference replace those of the same name. */
export function referredSchema({ $ref, ...beside }: JsonObject, root: JsonObject): unknown {
  const schema = referred(root, String($ref));
  return isObject(schema) && Object.keys(beside).length > 0 ? { ...schema, ...beside } : schema;
}

/** Whether the schema has no keyword of any kind of node. */
export function isEmptySchema(schema: unknown, draft: Draft): boolean {
  return nodeOf(schema, draft).kind === "empty";
}

function nodeOf(schema: unknown, draft: Draft): SchemaNode {
  if (typeof schema === "boolean") return { kind: schema ? "true" : "false", source: {} };
  if (!isObject(schema)) return { kind: "empty", source: {} };
  const has = (keyword: string): boolean => Object.hasOwn(schema, keyword);
  if (has("enum")) return { kind: "enum", source: schema };
  if (has("const") && draft > 4) return { kind: "const", source: schema };
  const criterion = CRITERIA.find(has);
  if (criterion !== undefined) return combinedNode(schema, criterion, draft);
  if (has("$ref")) return { kind: "reference", source: schema };
  return typedNode(schema) ?? sniffedNode(schema, draft) ?? { kind: has("not") ? "not" : "empty", source: schema };
}

/** Keywords beside `allOf`, `anyOf` or `oneOf` become another part. */
function combinedNode(schema: JsonObject, criterion: Criterion, draft: Draft): SchemaNode {
  const listed = schema[criterion];
  const parts = Array.isArray(listed) ? listed.map((part: unknown) => ({ schema: part })) : [];
  const base = typedNode(schema) ?? sniffedNode(schema, draft);
  if (!base) return { kind: "combined", source: schema, criterion, parts };
  const written: SchemaNode = { kind: "combined", source: {}, criterion, parts };
  return {
    kind: "combined",
    source: schema,
    criterion: "allOf",
    parts: [{ node: untitled(base) }, { node: written }],
  };
}

const TYPES: Readonly<Record<string, Type>> = {
  object: "object",
  array: "array",
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  null: "null",
};

function typedNode(schema: JsonObject): SchemaNode | undefined {
  const { type } = schema;
  if (type === undefined) return undefined;
  const node = (name: unknown): SchemaNode => ({ kind: TYPES[String(name)] ?? "empty", source: schema });
  if (!Array.isArray(type)) return node(type);
  const parts = type.map((name: unknown) => ({ node: untitled(node(name)) }));
  return { kind: "combined", source: schema, criterion: "anyOf", parts };
}

/** Without title, description and id, which belong to the whole schema. */
function untitled(node: SchemaNode): SchemaNode {
  const { title: _title, description: _description, id: _id, $id: _$id, ...source } = node.source;
  return { ...node, source };
}

/** The kind of a schema without a type, from its keywords. */
function sniffedNode(schema: JsonObject, draft: Draft): SchemaNode | undefined {
  const hasAny = (keywords: readonly string[]): boolean => keywords.some((keyword) => Object.hasOwn(schema, keyword));
  const inDraft6 = (keyword: string): string[] => (draft > 4 ? [keyword] : []);
  if (hasAny([...ARRAY_KEYWORDS, ...inDraft6("contains")])) return { kind: "array", source: schema };
  if (hasAny([...OBJECT_KEYWORDS, ...inDraft6("propertyNames")])) return { kind: "object", source: schema };
  if (hasAny(NUMBER_KEYWORDS)) return { kind: "number", source: schema };
  if (hasAny(STRING_KEYWORDS)) return { kind: "string", source: schema };
  if (draft === 7 && hasAny(["if", "then", "else"])) return { kind: "conditional", source: schema };
  return undefined;
}
