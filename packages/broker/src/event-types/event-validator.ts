/**
 * Holds events against an effective schema. Compiling takes 10 to 20 ms, so validators are kept, the least recently
 * used ones go first; the schema library is loaded when the first one is needed.
 */
import { loadPatterns, PatternCostError } from "./pattern.ts";
import { describeViolations } from "./violations.ts";
import type { JsonObject } from "./json-schema.ts";
import type { ValidationContext } from "./everit-dialect.ts";

export interface EventValidator {
  /** Whether it matters which whole numbers are written as doubles (`1.0`): those are no integers. */
  readonly tellsWholeNumbers: boolean;
  /** What is wrong with an event in the server's words; `undefined` if nothing is. Never throws. */
  faultOf(event: JsonObject, doubles?: ValidationContext["doubles"]): string | undefined;
}

/** The validator library cannot make sense of the schema. */
export class SchemaCompileError extends Error {
  override readonly name = "SchemaCompileError";
}

const MAX_KEPT = 1_000;
/** One event may break a schema in as many places as it has bytes; nobody reads them all. */
const MAX_FINDINGS = 500;

export class EventValidators {
  readonly #byText = new Map<string, Promise<EventValidator>>();

  /**
   * @param effectiveSchema as JSON
   * @throws {SchemaCompileError}
   */
  of(effectiveSchema: string): Promise<EventValidator> {
    let validator = this.#byText.get(effectiveSchema);
    if (validator) this.#byText.delete(effectiveSchema);
    else {
      validator = compile(JSON.parse(effectiveSchema) as JsonObject);
      validator.catch(() => this.#byText.delete(effectiveSchema));
    }
    this.#byText.set(effectiveSchema, validator);
    for (const oldest of this.#byText.keys()) {
      if (this.#byText.size <= MAX_KEPT) break;
      this.#byText.delete(oldest);
    }
    return validator;
  }
}

function newContext(doubles: ValidationContext["doubles"]): ValidationContext {
  return { doubles, references: 0 };
}

async function compile(schema: JsonObject): Promise<EventValidator> {
  const [{ compileSchema, ValidationCostError }] = await Promise.all([import("./everit-dialect.ts"), loadPatterns()]);
  try {
    const { first, all, tellsWholeNumbers } = compileSchema(schema);
    return {
      tellsWholeNumbers,
      faultOf(event, doubles) {
        try {
          if (first.call(newContext(doubles), event)) return undefined;
          const explaining = all();
          explaining.call(newContext(doubles), event);
          return describeViolations((explaining.errors ?? []).slice(0, MAX_FINDINGS), event);
        } catch (error) {
          if (error instanceof RangeError) return "#: nested too deeply for a schema that refers to itself";
          if (error instanceof PatternCostError || error instanceof ValidationCostError) return `#: ${error.message}`;
          throw error;
        }
      },
    };
  } catch (error) {
    const fault =
      error instanceof RangeError
        ? "it is too large or nests too deeply"
        : error instanceof Error
          ? error.message
          : String(error);
    throw new SchemaCompileError(fault, { cause: error });
  }
}
