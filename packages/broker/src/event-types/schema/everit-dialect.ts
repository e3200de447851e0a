/**
 * Makes the JSON schema library accept and refuse like the real server's validator, everit 1.8
 * (protocol 4.4). Loaded with the first compiled schema, because importing the library takes 50 ms.
 */
import { Ajv } from "ajv";
import type { FormatDefinition, Options, ValidateFunction } from "ajv";
import Ajv04 from "ajv-draft-04";
import addFormats from "ajv-formats";
import { dateTimeFault } from "./date-time.ts";
import { isCurrencyCode } from "./currency-codes.ts";
import { allDistinct, isMultiple, isOneOf } from "./everit-keywords.ts";
import { draftOf, everySchema } from "./json-schema.ts";
import { keepUnkeptNames } from "./unkept-names.ts";
import type { Draft, JsonObject } from "./json-schema.ts";
import { Pattern } from "./pattern.ts";

/** Keyword that demands the spelling of an integer: `1.0` is refused. */
const WHOLE_NUMBER_TEXT = "nakadi:whole";
/** Keyword that counts followed references, because a small schema can demand unbounded work. */
const REFERENCE = "nakadi:reference";
const MAX_REFERENCES = 1_000_000;

/**
 * Parts above which events are validated by the code that finds all faults. Code that stops at the first fault nests each
 * part in the one before, which V8 compiles slowly or not at all.
 */
const MANY_PARTS = 1_000;

/** `this` of keywords. */
export interface ValidationContext {
  /** Names and indices of numbers that are written as doubles, by their object or array. */
  doubles: ReadonlyMap<object, ReadonlySet<string | number>> | undefined;
  /** References followed so far. */
  references: number;
}

/** Validating one event would take too long. */
export class ValidationCostError extends Error {
  override readonly name = "ValidationCostError";
}

const OPTIONS: Options = {
  strict: false,
  ownProperties: true,
  validateSchema: false,
  meta: false,
  logger: false,
  messages: false,
  passContext: true,
  // Optimizing takes quadratic time in the size of the schema, and V8 optimizes anyway.
  code: {
    optimize: false,
    regExp: Object.assign((source: string) => new Pattern(source), { code: "new RegExp" }),
  },
};

export interface CompiledSchema {
  /** Stops at the first fault, unless the schema has more than `MANY_PARTS`. */
  first: ValidateFunction;
  /** Finds all faults; compiled on first use. */
  all: () => ValidateFunction;
  tellsWholeNumbers: boolean;
}

/** @throws {Error} if the library cannot compile the schema */
export function compileSchema(schema: JsonObject): CompiledSchema {
  const draft = draftOf(schema) ?? 4;
  const { prepared, parts, tellsWholeNumbers } = prepare(schema, draft);
  let compiled: ValidateFunction | undefined;
  const all = (): ValidateFunction => (compiled ??= dialect(draft, true).compile(prepared));
  return { first: parts > MANY_PARTS ? all() : dialect(draft, false).compile(prepared), all, tellsWholeNumbers };
}

/** One instance for each schema, so that ids of one schema are invisible to others, and all memory is freed together. */
function dialect(draft: Draft, allErrors: boolean): Ajv {
  const options = { ...OPTIONS, allErrors, verbose: allErrors };
  const ajv = draft === 4 ? new (Ajv04 as unknown as typeof Ajv)(options) : new Ajv(options);
  for (const keyword of UNKNOWN_KEYWORDS[draft]) ajv.removeKeyword(keyword);
  ajv.removeKeyword("multipleOf").addKeyword({
    keyword: "multipleOf",
    type: "number",
    schemaType: "number",
    validate: isMultiple,
  });
  ajv.removeKeyword("uniqueItems").addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: allDistinct,
  });
  ajv.removeKeyword("enum").addKeyword({ keyword: "enum", schemaType: "array", compile: isOneOf });
  if (draft > 4) ajv.removeKeyword("const").addKeyword({ keyword: "const", compile: (value) => isOneOf([value]) });
  ajv.addKeyword({
    keyword: WHOLE_NUMBER_TEXT,
    type: "number",
    validate(this: ValidationContext, _schema, _data, _parent, at) {
      return at === undefined || !this.doubles?.get(at.parentData)?.has(at.parentDataProperty);
    },
  });
  ajv.addKeyword({
    keyword: REFERENCE,
    validate(this: ValidationContext) {
      if (++this.references > MAX_REFERENCES) throw new ValidationCostError("The schema follows too many references.");
      return true;
    },
  });
  addServerFormats(ajv, draft);
  return ajv;
}

const UNKNOWN_KEYWORDS: Readonly<Record<Draft, readonly string[]>> = {
  4: ["const", "contains", "propertyNames", "if", "then", "else"],
  6: ["if", "then", "else"],
  7: [],
};

/** Keywords of the library that the server ignores. */
const FOREIGN_MEMBERS = ["nullable", "$async", "$defs", "$anchor", "$recursiveRef", "$dynamicRef", "$vocabulary"];

function prepare(
  schema: JsonObject,
  draft: Draft,
): { prepared: JsonObject; parts: number; tellsWholeNumbers: boolean } {
  const { $schema: _, ...rest } = structuredClone(schema);
  let parts = 0;
  let tellsWholeNumbers = false;
  for (const { schema: part } of everySchema(rest)) {
    parts += 1;
    keepUnkeptNames(part);
    for (const member of [...FOREIGN_MEMBERS, draft === 4 ? "$id" : "id"]) delete part[member];
    delete part[WHOLE_NUMBER_TEXT];
    delete part[REFERENCE];
    if (part["$ref"] !== undefined) part[REFERENCE] = true;
    const types = [part["type"]].flat();
    if (types.includes("integer") && !types.includes("number")) part[WHOLE_NUMBER_TEXT] = tellsWholeNumbers = true;
  }
  return { prepared: rest, parts, tellsWholeNumbers };
}

const FORMATS_OF_DRAFT_4 = ["email", "hostname", "ipv4", "ipv6", "uri"] as const;
const FORMATS_OF_DRAFT_6 = [...FORMATS_OF_DRAFT_4, "json-pointer", "uri-reference", "uri-template"] as const;
const FORMATS_OF_DRAFT_7 = [...FORMATS_OF_DRAFT_6, "date", "regex", "relative-json-pointer", "time"] as const;
const FORMATS = { 4: FORMATS_OF_DRAFT_4, 6: FORMATS_OF_DRAFT_6, 7: FORMATS_OF_DRAFT_7 } as const;

function addServerFormats(ajv: Ajv, draft: Draft): void {
  addFormats.default(ajv, [...FORMATS[draft]]);
  const currency: FormatDefinition<string> = { validate: isCurrencyCode };
  ajv.addFormat("iso-4217", currency).addFormat("ISO-4217", currency);
  ajv.addFormat("date-time", { validate: (text: string) => dateTimeFault(text) === undefined });
}
