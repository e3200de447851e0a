/**
 * A path does not name what this process has open any more. A directory that is removed or replaced leaves the open files to
 * their process: what is written to them succeeds and is gone with the process.
 */
export class FileReplacedError extends Error {
  override readonly name = "FileReplacedError";
  readonly code = "FILE_REPLACED";
  constructor(path: string) {
    super(`${path} was removed or replaced while this process had it open`);
  }
}
