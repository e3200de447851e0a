/**
 * Why nothing is stored any more, and what to do about it.
 * @pure
 */

/** Without paths and without what the system says: a stranger may read it. */
export interface FailureReason {
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
export function failureReason(error: unknown): FailureReason | undefined {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    const { code } = at as { code?: unknown };
    if (typeof code === "string" && Object.hasOwn(REASONS, code)) return REASONS[code];
  }
  return undefined;
}
