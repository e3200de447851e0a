/**
 * The changes of a schema that an event type allows, and the version after them (protocol 5.4).
 * @pure
 */
import type { CompatibilityMode, Schema } from "nakadi-protocol";
import { ProblemError } from "../../problems.ts";
import type { JsonObject } from "../schema/json-schema.ts";
import { schemaChanges, SchemaDiffCostError } from "./schema-diff.ts";
import type { SchemaChange, SchemaChangeKind } from "./schema-diff.ts";
import { schemaMeaning } from "../schema/schema-rules.ts";
import { parseStrictly } from "../schema/strict-json.ts";

export const FIRST_VERSION = "1.0.0";

const LEVELS = ["major", "minor", "patch"] as const;
type Level = (typeof LEVELS)[number];

/** The level of a change; `compatible` if that mode has a higher one. Without a text, no mode forbids it. */
const CHANGES: Readonly<Record<SchemaChangeKind, { level: Level; compatible?: Level; text?: string }>> = {
  "title-changed": { level: "patch" },
  "description-changed": { level: "patch" },
  "property-added": { level: "minor" },
  "type-narrowed": { level: "minor", compatible: "major", text: "schema types cannot be narrowed" },
  "required-extended": { level: "minor", compatible: "major", text: "required array changed" },
  "additional-properties-narrowed": { level: "minor", compatible: "major", text: "change not allowed" },
  "id-changed": { level: "major", text: "null" },
  "schema-appeared-or-gone": { level: "major", text: "change not allowed" },
  "type-changed": { level: "major", text: "schema types must be the same" },
  "items-counted-differently": { level: "major", text: "the number of schema items cannot be changed" },
  "property-removed": { level: "major", text: "schema properties cannot be removed" },
  "dependency-array-changed": { level: "major", text: "schema dependencies array cannot be changed" },
  "dependency-schemas-changed": { level: "major", text: "schema dependencies cannot be changed" },
  "composition-changed": { level: "major", text: "schema composition method changed" },
  "attribute-changed": { level: "major", text: "change to attribute value not allowed" },
  "enum-changed": { level: "major", text: "enum array changed" },
  "sub-schemas-counted-differently": { level: "major", text: "sub schema changed" },
  "required-changed": { level: "major", text: "required array changed" },
  "additional-properties-changed": { level: "major", text: "change not allowed" },
  "additional-items-changed": { level: "major", text: "change not allowed" },
};

/** The change of the mode from `forward` to `compatible` forbids these. */
const ALLOWED_ON_THE_WAY_TO_COMPATIBLE: ReadonlySet<SchemaChangeKind> = new Set([
  "title-changed",
  "description-changed",
  "property-added",
  "required-extended",
  "additional-properties-changed",
  "additional-items-changed",
] as const);

export interface Evolving {
  schema: Pick<Schema, "type" | "schema">;
  compatibility_mode: CompatibilityMode;
}

/**
 * The version of the schema after the change; the same version if the schema is equal.
 * @throws {ProblemError} 422 if the old mode forbids the change
 */
export function evolvedVersion(before: Evolving & { schema: Required<Schema> }, after: Evolving): string {
  return bumped(before.schema.version, levelOf(before, after));
}

function levelOf(before: Evolving, after: Evolving): Level | undefined {
  const [old, now] = [before.schema, after.schema];
  if (old.type === "avro_schema" && now.type === "json_schema")
    refuse("Cannot change from avro_schema to json_schema!");
  if (old.type !== now.type) return "major";
  if (old.type === "avro_schema")
    return schemaMeaning(old, Infinity) === schemaMeaning(now, Infinity) ? undefined : "major";
  if (old.schema === now.schema) return undefined;
  const changes = changesBetween(parsed(old), parsed(now));
  if (changes.length === 0) return "patch";
  const mode = before.compatibility_mode;
  if (mode === "forward" && after.compatibility_mode === "compatible") {
    refuseAny(changes.filter(({ kind }) => !ALLOWED_ON_THE_WAY_TO_COMPATIBLE.has(kind)));
  } else if (mode !== "none") refuseAny(changes.filter((change) => levelIn(mode, change) === "major"));
  const levels = changes.map((change) => levelIn(mode, change));
  return LEVELS.find((level) => levels.includes(level));
}

function levelIn(mode: CompatibilityMode, { kind }: SchemaChange): Level {
  const { level, compatible } = CHANGES[kind];
  return mode === "compatible" ? (compatible ?? level) : level;
}

function changesBetween(before: JsonObject, after: JsonObject): SchemaChange[] {
  try {
    return schemaChanges(before, after);
  } catch (error) {
    if (error instanceof SchemaDiffCostError) refuse(`Invalid schema: ${error.message}`);
    throw error;
  }
}

function refuseAny(changes: readonly SchemaChange[]): void {
  if (changes.length === 0) return;
  refuse(`Invalid schema: ${changes.map(({ kind, path }) => `${path}: ${CHANGES[kind].text}`).join(", ")}`);
}

function parsed({ schema }: Evolving["schema"]): JsonObject {
  return parseStrictly(schema, { maxDepth: Infinity }) as JsonObject;
}

function bumped(version: string, level: Level | undefined): string {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  switch (level) {
    case "major":
      return `${major + 1}.0.0`;
    case "minor":
      return `${major}.${minor + 1}.0`;
    case "patch":
      return `${major}.${minor}.${patch + 1}`;
    case undefined:
      return version;
  }
}

function refuse(detail: string): never {
  throw new ProblemError(422, detail);
}
