/** `backup.json`: what a finished backup holds, so that a restore finds what is missing or changed. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MANIFEST, UNFINISHED_COPY } from "../data-directory.ts";
import { BackupError } from "../../backup-error.ts";
import { refused } from "./refused.ts";

const FORMAT = 1;
/** What a backup may hold, so that a manifest leads nowhere else. */
const PATH = /^(?:format|snapshot|journal\/\d{10}|logs\/\d+\/\d+\/[\d-]+\.(?:seg|compact))$/;

interface CopiedFile {
  /** Below the directory, with slashes. */
  path: string;
  bytes: number;
  crc32: number;
}

export interface Manifest {
  /** When the copy was whole, as an ISO 8601 text. */
  madeAt: string;
  files: readonly CopiedFile[];
}

export function manifestText({ madeAt, files }: Manifest): string {
  return `${JSON.stringify({ nakadi: "backup", format: FORMAT, madeAt, files }, null, 1)}\n`;
}

/** @throws {BackupError} where there is no finished backup */
export async function readManifest(backup: string): Promise<Manifest> {
  const path = join(backup, MANIFEST);
  const text = await readFile(path, "utf8").catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw refused("read", path, error);
    const isUnfinished = await readFile(join(backup, UNFINISHED_COPY)).then(
      () => true,
      () => false,
    );
    throw new BackupError(
      isUnfinished
        ? `${backup} is a backup that was not finished. Use another one`
        : `${backup} is not a backup: it holds no ${MANIFEST}`,
    );
  });
  const manifest = parsed(text);
  if (!manifest)
    throw new BackupError(`${path} is damaged, or of a newer nakadi. Use another backup, or the newer one`);
  return manifest;
}

function parsed(text: string): Manifest | undefined {
  try {
    const { nakadi, format, madeAt, files } = JSON.parse(text) as Partial<
      Manifest & { nakadi: string; format: number }
    >;
    if (nakadi !== "backup" || format !== FORMAT || typeof madeAt !== "string" || !Array.isArray(files))
      return undefined;
    return files.every(isFile) ? { madeAt, files } : undefined;
  } catch {
    return undefined;
  }
}

function isFile(file: unknown): file is CopiedFile {
  if (typeof file !== "object" || file === null) return false;
  const { path, bytes, crc32 } = file as Partial<CopiedFile>;
  return typeof path === "string" && PATH.test(path) && Number.isSafeInteger(bytes) && Number.isSafeInteger(crc32);
}
