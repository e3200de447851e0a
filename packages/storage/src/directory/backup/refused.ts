/** What the system says during a copy. */
import { BackupError } from "../../backup-error.ts";
import { systemSentence } from "../system-refusal.ts";

/** Of `path`; an error with a sentence of its own stays as it is. */
export function refused(doing: "read" | "write to", path: string, error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  return new BackupError(`cannot ${doing} ${path}: ${systemSentence(error)}`, { cause: error });
}
