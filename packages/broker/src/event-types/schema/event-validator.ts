/**
 * Validates events against an effective schema. Compiling takes 10 to 20 ms, so validators are cached, up to 1,000; the
 * schema library is loaded with the first one.
 */
import { loadPatterns, PatternCostError } from "./pattern.ts";
import { describeViolations } from "./violations.ts";
import type { JsonObject } from "./json-schema.ts";
import type { ValidationContext } from "./everit-dialect.ts";

export interface EventValidator {
  /** Whether the schema has integers, so that the validator must know which numbers are written as doubles (`1.0`). */
  readonly tellsWholeNumbers: boolean;
  /** The faults of an event in the server's words; `undefined` if it is valid. Never throws. */
  faultOf(event: JsonObject, doubles?: ValidationContext["doubles"]): string | undefined;
}

/** The validator library cannot compile the schema. */
export class SchemaCompileError extends Error {
  override readonly name = "SchemaCompileError";
}

const MAX_KEPT = 1_000;
/** Findings in one answer: an event may violate its schema once for each of its bytes. */
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
