/** A backup or a restore was not made. One sentence says why, what was left behind, and what to do. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}
