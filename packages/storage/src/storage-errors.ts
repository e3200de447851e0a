/**
 * Why a storage serves no call any more, and what to do about it.
 * @pure
 */

/**
 * A write has failed, or the data directory is not the one that was opened: what of the write is durable is not known, and
 * nothing is written any more until the next start.
 */
export class StorageFailedError extends Error {
  override readonly name = "StorageFailedError";
  /** Whether the write had begun, so that it may be durable or not. */
  readonly begun: boolean;
  /** One sentence that says what is wrong and one that says what to do, without paths. */
  readonly advice: string;
  constructor(cause: unknown, begun: boolean) {
    const reason = failureReason(cause);
    const said = cause instanceof Error ? cause.message : String(cause);
    const advice = reason ? `${reason.what}. ${reason.remedy}` : "the broker's log says why.";
    super(`The storage has failed: ${said}${reason ? `: ${advice}` : ""}`, { cause });
    this.begun = begun;
    this.advice = `The storage has failed: ${advice}`;
  }
}

/** The node has closed its storage. */
export class StorageClosedError extends Error {
  override readonly name = "StorageClosedError";
  constructor(node: string) {
    super(`The storage of node ${node} is closed.`);
  }
}

/** Without paths and without what the system says: a stranger may read it. */
interface FailureReason {
  what: string;
  remedy: string;
}

const RESTART = "start the broker again";

const REASONS: Readonly<Record<string, FailureReason>> = {
  ENOSPC: { what: "the disk is full", remedy: `Make room on it, then ${RESTART}.` },
  EDQUOT: { what: "the disk quota is used up", remedy: `Make room or raise the quota, then ${RESTART}.` },
  EFBIG: { what: "a file is as large as it may be", remedy: `Raise the limit (ulimit -f), then ${RESTART}.` },
  EROFS: { what: "the file system is read-only", remedy: `Make it writable, then ${RESTART}.` },
  EIO: { what: "the disk cannot be written to", remedy: `Look at the system's log, then ${RESTART}.` },
  FILE_REPLACED: {
    what: "the data directory was removed or replaced",
    remedy: `Put it back or choose another one, then ${RESTART}.`,
  },
};

/** By the code of the error or of what caused it; `undefined` where that says nothing. */
function failureReason(error: unknown): FailureReason | undefined {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    const { code } = at as { code?: unknown };
    if (typeof code === "string" && Object.hasOwn(REASONS, code)) return REASONS[code];
  }
  return undefined;
}
