/** Whether dead letters can be appended to a file, asked before there are any. The file itself is not touched. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../../failure.ts";

/** @throws {Failure} that says why not */
export async function demandAppendable(path: string): Promise<void> {
  const refused = (why: string): Failure => new Failure(`cannot write dead letters to ${path}: ${why}`);
  try {
    const isThere = await isDirectory(path);
    if (isThere === true || path.endsWith("/")) throw refused("it is a directory");
    if (isThere === false) return await access(path, constants.W_OK);
    if ((await isDirectory(dirname(path))) === undefined) throw refused("there is no such directory");
    await access(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw error instanceof Failure ? error : refused((error as Error).message);
  }
}

/** `undefined` where nothing is. */
async function isDirectory(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
