/**
 * Events held against a schema before they are published: any that keeps to the Standard Schema.
 * @pure
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "../errors/nakadi-error.ts";

/** An event is not what its schema allows; nothing was sent. */
export class InvalidEventError extends ConfigError {
  override readonly name = "InvalidEventError";
  readonly #issues: readonly StandardSchemaV1.Issue[];

  constructor(path: string, issues: readonly StandardSchemaV1.Issue[]) {
    super(path, "what its schema allows");
    this.#issues = issues;
  }

  /** What the schema says is wrong, and where. It may quote the event, so neither the message nor `inspect` shows it. */
  get issues(): readonly StandardSchemaV1.Issue[] {
    return this.#issues;
  }
}

/**
 * Asks the schema, and leaves the value as it is: what a schema would fill in or convert is the program's to write.
 * @throws {InvalidEventError}
 * @throws {ConfigError} for a schema that does not answer at once
 */
export function demandValid(path: string, schema: StandardSchemaV1 | undefined, value: unknown): void {
  const result = schema?.["~standard"].validate(value);
  if (result instanceof Promise) {
    // Its rejection is nobody's: the schema is refused for being asynchronous.
    result.catch(() => undefined);
    throw new ConfigError("schema", "one that answers at once: events are made without waiting");
  }
  if (result?.issues) throw new InvalidEventError(path, result.issues);
}
