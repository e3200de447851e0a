/**
 * Validation of events by any Standard Schema before they are published.
 * @pure
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "../errors/nakadi-error.ts";

/** An event violates its schema; nothing was sent. */
export class InvalidEventError extends ConfigError {
  override readonly name = "InvalidEventError";
  readonly #issues: readonly StandardSchemaV1.Issue[];

  constructor(path: string, issues: readonly StandardSchemaV1.Issue[]) {
    super(path, "valid by its schema; see issues");
    this.#issues = issues;
  }

  /** The violations and their places. They may quote the event, so neither the message nor `inspect` shows them. */
  get issues(): readonly StandardSchemaV1.Issue[] {
    return this.#issues;
  }
}

/**
 * Validates the value and discards the schema's output: defaults and conversions are left to the program.
 * @throws {InvalidEventError}
 * @throws {ConfigError} for an asynchronous schema
 */
export function demandValid(path: string, schema: StandardSchemaV1 | undefined, value: unknown): void {
  const result = schema?.["~standard"].validate(value);
  if (result instanceof Promise) {
    // The asynchronous schema is refused, so a rejection of it needs no handler.
    result.catch(() => undefined);
    throw new ConfigError("schema", "a synchronous schema: events are made without waiting");
  }
  if (result?.issues) throw new InvalidEventError(path, result.issues);
}
