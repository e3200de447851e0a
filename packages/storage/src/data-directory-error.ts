/** Why a broker cannot keep its data where it was told to. */

/**
 * `in-use`: another process has it. `not-ours`: it belongs to something else. `newer-format`: written by a newer version.
 * `damaged`: the data is not what was written. `unusable`: the system does not let us.
 */
export type DataDirectoryProblem = "in-use" | "not-ours" | "newer-format" | "damaged" | "unusable";

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
