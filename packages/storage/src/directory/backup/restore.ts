/** Makes a data directory of a backup: each file is compared with what the backup's manifest says of it. */
import { Copying, intoEmpty } from "./copying.ts";
import type { CopyOptions } from "./copying.ts";
import { BackupError } from "../../backup-error.ts";
import { readManifest } from "./manifest.ts";
import { join } from "node:path";

/**
 * Copies a backup to an empty or a new directory, in which a broker can start then.
 * @throws {BackupError} where the backup is unfinished, incomplete or damaged, or the directory is not empty
 * @throws the signal's reason; what was copied is removed then, as after every failure
 */
export async function restoreDirectory(backup: string, to: string, options: CopyOptions = {}): Promise<void> {
  const { files } = await readManifest(backup);
  await intoEmpty(backup, to, async () => {
    const copying = new Copying(backup, to, options);
    copying.expect(files.reduce((sum, { bytes }) => sum + bytes, 0));
    for (const { path, bytes, crc32 } of files) {
      const copied = await copying.copy(path);
      if (copied?.bytes === bytes && copied.crc32 === crc32) continue;
      throw new BackupError(
        copied
          ? `${join(backup, path)} is damaged: it is not what was backed up. Use another backup`
          : `${join(backup, path)} is missing. Use another backup`,
      );
    }
  });
}
