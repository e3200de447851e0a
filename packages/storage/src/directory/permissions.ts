/** A data directory can be read by the user that the broker runs as only. */
import { chmod, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

const DIRECTORY = 0o700;
const FILE = 0o600;
const PERMISSION_BITS = 0o777;

/**
 * Takes the permissions of other users from the directory and the entries in it, as a copy may have given them; what lies
 * deeper can be reached only through these. What belongs to another user stays as it is: the root of a volume may.
 */
export async function restrict(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  await restrictOne(directory, DIRECTORY);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile()) await restrictOne(join(directory, entry.name), FILE);
    if (entry.isDirectory()) await restrictOne(join(directory, entry.name), DIRECTORY);
  }
}

async function restrictOne(path: string, mode: number): Promise<void> {
  const { mode: before, uid } = await lstat(path);
  if ((before & PERMISSION_BITS) !== mode && uid === process.getuid?.()) await chmod(path, mode);
}
