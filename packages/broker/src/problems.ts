/**
 * Failures that have an answer in the protocol (0.5, 0.6).
 * @pure
 */
export interface Violation {
  /** Snake-case path with dots and indexes, e.g. `items[0].offset`. */
  field: string;
  message: string;
}

/** Answered with a problem object of this status and detail. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** What is not begun any more. */
export function brokerStops(): ProblemError {
  return new ProblemError(503, "The broker stops");
}

/** Whether an error is a 404. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 404;
}

/** A body with invalid members: answered 422 with one sentence for each violation (protocol 0.5). */
export class ValidationError extends Error {
  override readonly name = "ValidationError";
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super(violations.map(({ field, message }) => `Field "${field}" ${message}\n`).join(""));
    this.violations = violations;
  }
}

/** The same violations, answered 400 with a list, as the server does on some endpoints (protocol 0.5). */
export class ConstraintViolationError extends Error {
  override readonly name = "ConstraintViolationError";
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super("Constraint Violation");
    this.violations = violations;
  }
}

export function asConstraintViolation<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof ValidationError ? new ConstraintViolationError(error.violations) : error;
  }
}
