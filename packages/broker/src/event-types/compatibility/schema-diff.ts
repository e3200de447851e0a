/**
 * The differences between two JSON schemas, in the real server's terms (protocol 5.4). Nodes of the same kind are compared
 * member by member; formats, defaults and exclusive bounds are ignored.
 * @pure
 */
import { hashMapOrder } from "../java-text.ts";
import { canonicalJson, draftOf, isObject } from "../schema/json-schema.ts";
import type { Draft, JsonObject } from "../schema/json-schema.ts";
import { isEmptySchema, referredSchema, schemaNode } from "./schema-node.ts";
import type { Part, SchemaNode } from "./schema-node.ts";

export type SchemaChangeKind =
  | "id-changed"
  | "title-changed"
  | "description-changed"
  | "schema-appeared-or-gone"
  | "type-narrowed"
  | "type-changed"
  | "items-counted-differently"
  | "property-added"
  | "property-removed"
  | "dependency-array-changed"
  | "dependency-schemas-changed"
  | "composition-changed"
  | "attribute-changed"
  | "enum-changed"
  | "sub-schemas-counted-differently"
  | "required-extended"
  | "required-changed"
  | "additional-properties-changed"
  | "additional-properties-narrowed"
  | "additional-items-changed";

export interface SchemaChange {
  kind: SchemaChangeKind;
  /** `#/properties/a/enum`. */
  path: string;
}

/** Comparisons of nodes: a few references can make two small schemas take unbounded time. */
export class SchemaDiffCostError extends Error {
  override readonly name = "SchemaDiffCostError";
}

const MAX_COMPARISONS = 50_000;

/** @throws {SchemaDiffCostError} */
export function schemaChanges(before: JsonObject, after: JsonObject): SchemaChange[] {
  const diff = new Diff(before, after);
  diff.compare({ schema: before }, { schema: after });
  return diff.changes;
}

class Diff {
  readonly changes: SchemaChange[] = [];
  readonly #before: JsonObject;
  readonly #after: JsonObject;
  readonly #drafts: { before: Draft; after: Draft };
  readonly #path: string[] = [];
  /** Old schemas that are being compared, so that one that contains itself is compared once. */
  readonly #open: unknown[] = [];
  #comparisons = 0;

  constructor(before: JsonObject, after: JsonObject) {
    this.#before = before;
    this.#after = after;
    this.#drafts = { before: draftOf(before) ?? 4, after: draftOf(after) ?? 4 };
  }

  compare(before: Part, after: Part): void {
    if (++this.#comparisons > MAX_COMPARISONS) throw new SchemaDiffCostError("The schemas follow too many references.");
    const old = nodeOf(before, this.#drafts.before);
    const now = nodeOf(after, this.#drafts.after);
    if (old.kind !== now.kind) {
      const wasEmpty = "schema" in before && isEmptySchema(before.schema, this.#drafts.before);
      this.#add(wasEmpty ? "type-narrowed" : "type-changed");
      return;
    }
    const identity = identityOf(before);
    if (this.#open.includes(identity)) return;
    this.#open.push(identity);
    if (old.kind === "reference") this.#compareReferences(old.source, now.source);
    else this.#compareCommon(old.source, now.source);
    if (old.kind === "combined" && now.kind === "combined") this.#compareCombined(old, now);
    else if (old.kind === "object") this.#compareObjects(old.source, now.source);
    else if (old.kind === "array") this.#compareArrays(old.source, now.source);
    else if (old.kind === "string")
      this.#compareFirst(old.source, now.source, ["maxLength", "minLength"], comparePattern);
    else if (old.kind === "number") this.#compareFirst(old.source, now.source, ["maximum", "minimum", "multipleOf"]);
    else if (old.kind === "enum") this.#compareEnums(old.source, now.source);
    this.#open.pop();
  }

  /** Compares where only one of the two has a schema. */
  #compareOptional(before: unknown, after: unknown): void {
    if (before === undefined && after === undefined) return;
    if (before === undefined || after === undefined) this.#add("schema-appeared-or-gone");
    else this.compare({ schema: before }, { schema: after });
  }

  #compareCommon(before: JsonObject, after: JsonObject): void {
    const id = (schema: JsonObject, draft: Draft): unknown => schema[draft === 4 ? "id" : "$id"];
    if (id(before, this.#drafts.before) !== id(after, this.#drafts.after)) this.#add("id-changed");
    if (before["title"] !== after["title"]) this.#add("title-changed");
    if (before["description"] !== after["description"]) this.#add("description-changed");
  }

  /** References are compared by their targets, not by their names. */
  #compareReferences(before: JsonObject, after: JsonObject): void {
    const old = { schema: referredSchema(before, this.#before) };
    const now = { schema: referredSchema(after, this.#after) };
    this.#at("$ref", () => this.compare(old, now));
  }

  #compareCombined(before: CombinedNode, after: CombinedNode): void {
    if (before.parts.length !== after.parts.length) this.#add("sub-schemas-counted-differently");
    else if (before.criterion !== after.criterion) this.#add("composition-changed");
    else {
      for (const [index, part] of before.parts.entries()) {
        const other = after.parts[index];
        if (other) this.#at(`${before.criterion}/${index}`, () => this.compare(part, other));
      }
    }
  }

  #compareObjects(before: JsonObject, after: JsonObject): void {
    this.#at("properties", () => this.#compareProperties(mapOf(before["properties"]), mapOf(after["properties"])));
    this.#at("dependencies", () =>
      this.#compareDependencies(mapOf(before["dependencies"]), mapOf(after["dependencies"])),
    );
    this.#at("additionalProperties", () => this.#compareAdditional(before, after, "additionalProperties"));
    const required = [textsOf(before["required"]), textsOf(after["required"])] as const;
    if (!required[0].every((name) => required[1].includes(name)))
      this.#at("required", () => this.#add("required-changed"));
    else if (required[0].length !== required[1].length) this.#at("required", () => this.#add("required-extended"));
    this.#compareEach(before, after, ["maxProperties", "minProperties"]);
  }

  #compareProperties(before: JsonObject, after: JsonObject): void {
    const names = hashMapOrder(Object.keys(before));
    for (const name of names) {
      this.#at(name, () => {
        if (Object.hasOwn(after, name)) this.compare({ schema: before[name] }, { schema: after[name] });
        else this.#add("property-removed");
      });
    }
    if (Object.keys(after).length > names.length) this.#add("property-added");
  }

  #compareDependencies(before: JsonObject, after: JsonObject): void {
    const names = hashMapOrder(Object.keys(before));
    for (const name of names.filter((one) => Array.isArray(before[one]))) {
      const same = Array.isArray(after[name]) && sameSet(textsOf(before[name]), textsOf(after[name]));
      if (!same) this.#at(name, () => this.#add("dependency-array-changed"));
    }
    const schemas = names.filter((name) => !Array.isArray(before[name]));
    const others = Object.keys(after).filter((name) => !Array.isArray(after[name]));
    if (!sameSet(schemas, others)) this.#add("dependency-schemas-changed");
    else
      for (const name of schemas) this.#at(name, () => this.compare({ schema: before[name] }, { schema: after[name] }));
  }

  #compareAdditional(before: JsonObject, after: JsonObject, keyword: "additionalProperties" | "additionalItems"): void {
    const [old, now] = [before[keyword], after[keyword]];
    const ofProperties = keyword === "additionalProperties";
    if ((old === false) !== (now === false)) {
      this.#add(ofProperties ? "additional-properties-changed" : "additional-items-changed");
    } else if (ofProperties && !isObject(old) && isObject(now)) this.#add("additional-properties-narrowed");
    else this.#compareOptional(isObject(old) ? old : undefined, isObject(now) ? now : undefined);
  }

  #compareArrays(before: JsonObject, after: JsonObject): void {
    const [old, now] = [before["items"], after["items"]];
    const single = (items: unknown): unknown => (Array.isArray(items) ? undefined : items);
    this.#at("items", () => this.#compareOptional(single(old), single(now)));
    const tuple = (items: unknown): readonly unknown[] => (Array.isArray(items) ? items : []);
    const [oldItems, nowItems] = [tuple(old), tuple(now)];
    if (oldItems.length !== nowItems.length) this.#add("items-counted-differently");
    else {
      for (const [index, item] of oldItems.entries()) {
        this.#at(`items/${index}`, () => this.compare({ schema: item }, { schema: nowItems[index] }));
      }
    }
    this.#at("additionalItems", () => this.#compareAdditional(before, after, "additionalItems"));
    this.#compareEach(before, after, ["maxItems", "minItems"]);
    if ((before["uniqueItems"] ?? false) !== (after["uniqueItems"] ?? false)) this.#addAttribute("uniqueItems");
  }

  #compareEnums(before: JsonObject, after: JsonObject): void {
    const values = (schema: JsonObject): string[] =>
      Array.isArray(schema["enum"]) ? schema["enum"].map(canonicalJson) : [];
    if (!sameSet(values(before), values(after))) this.#at("enum", () => this.#add("enum-changed"));
  }

  #compareEach(before: JsonObject, after: JsonObject, keywords: readonly string[]): void {
    for (const keyword of keywords) if (before[keyword] !== after[keyword]) this.#addAttribute(keyword);
  }

  /** Only the first difference of these is reported. */
  #compareFirst(
    before: JsonObject,
    after: JsonObject,
    keywords: readonly string[],
    last?: (before: JsonObject, after: JsonObject) => string | undefined,
  ): void {
    const changed = keywords.find((keyword) => before[keyword] !== after[keyword]) ?? last?.(before, after);
    if (changed !== undefined) this.#addAttribute(changed);
  }

  #addAttribute(keyword: string): void {
    this.#at(keyword, () => this.#add("attribute-changed"));
  }

  #add(kind: SchemaChangeKind): void {
    this.changes.push({ kind, path: `#/${this.#path.join("/")}` });
  }

  #at(step: string, run: () => void): void {
    this.#path.push(step);
    run();
    this.#path.pop();
  }
}

type CombinedNode = Extract<SchemaNode, { kind: "combined" }>;

function nodeOf(part: Part, draft: Draft): SchemaNode {
  return "node" in part ? part.node : schemaNode(part.schema, draft);
}

/** All spellings of a reference mean the same schema. */
function identityOf(part: Part): unknown {
  if ("node" in part) return part.node;
  return isObject(part.schema) && typeof part.schema["$ref"] === "string" ? part.schema["$ref"] : part.schema;
}

/** An added or removed pattern is ignored. */
function comparePattern({ pattern: before }: JsonObject, { pattern: after }: JsonObject): string | undefined {
  return before !== undefined && after !== undefined && before !== after ? "pattern" : undefined;
}

function mapOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.every((one) => b.includes(one)) && b.every((one) => a.includes(one));
}
