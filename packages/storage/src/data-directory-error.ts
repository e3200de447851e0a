/** Why a broker cannot keep its data in the directory that it was given. */

/**
 * `in-use`: another process has it. `not-ours`: it belongs to something else. `newer-format`: a newer version has written it.
 * `older-format`: an earlier version has, in a way that this one does not read. `damaged`: the data is not what was written.
 * `unusable`: the system refuses.
 */
export type DataDirectoryProblem = "in-use" | "not-ours" | "newer-format" | "older-format" | "damaged" | "unusable";

/** The data directory cannot be used; nothing in it was changed. One sentence says why and what to do. */
export class DataDirectoryError extends Error {
  override readonly name = "DataDirectoryError";
  readonly problem: DataDirectoryProblem;
  readonly directory: string;
  constructor(problem: DataDirectoryProblem, directory: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.problem = problem;
    this.directory = directory;
  }
}
