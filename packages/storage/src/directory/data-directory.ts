/**
 * The directory around the data: whose it is, in which format, and which process uses it.
 *
 *     format            JSON that says which; written first of all
 *     owner-….sock      the process that uses it
 *     snapshot          rows: metadata, positions, which logs there are
 *     journal/          everything that was written since
 *     logs/             events by log and partition
 *     trash/            logs that are being removed
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataDirectoryError } from "../data-directory-error.ts";
import type { Files } from "./files.ts";
import { isOwnerSocket, own } from "./ownership.ts";
import type { Ownership } from "./ownership.ts";
import { restrict } from "./permissions.ts";
import { attempt, damaged } from "./system-refusal.ts";

/** What this version writes, and the only one that it reads. */
const FORMAT = 1;
export const FORMAT_FILE = "format";
/** Of a marker that is not whole yet. */
const NEW_MARKER = "format.new";
const MARK = { nakadi: "data directory", format: FORMAT };
/** What only the earlier engine made, on LMDB. */
const LMDB = "data.mdb";
const OWN: readonly string[] = ["snapshot", "snapshot.new", "journal", "logs", "trash"];
/** In an unfinished copy: no broker starts from it. */
export const UNFINISHED_COPY = "unfinished-copy";
/** In a backup: it is to stay as it is. */
export const MANIFEST = "backup.json";
/** The root of a new file system has it. */
export const IGNORED = "lost+found";

export type TakeDirectory = (directory: string) => Promise<Ownership>;

/** Takes it, and from other users what they may do to it. */
async function ownAlone(path: string): Promise<Ownership> {
  const ownership = await own(path);
  try {
    await restrict(path);
    return ownership;
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

/**
 * Takes the directory for this process, and makes it where there is none.
 * @throws {DataDirectoryError} with everything as it was
 */
export async function takeDirectory(files: Files, path: string, take: TakeDirectory = ownAlone): Promise<Ownership> {
  return attempt(path, async () => {
    // What is not a data directory, or not for this version, is left without a trace.
    await checkFormat(files, path);
    await files.makeDirectory(path);
    const ownership = await take(path);
    try {
      if (await checkFormat(files, path)) await writeMarker(files, path);
      return ownership;
    } catch (error) {
      await ownership.release();
      throw error;
    }
  });
}

/**
 * Takes a directory that is there, whatever has happened to its files.
 * @param repair writes the format where it is missing
 * @throws {DataDirectoryError}
 */
export async function takeDamagedDirectory(files: Files, path: string, repair: boolean): Promise<Ownership> {
  return attempt(path, async () => {
    demandExists(path);
    const entries = await files.list(path);
    checkNoCopy(path, entries);
    if (!entries.includes(FORMAT_FILE) && !entries.some((name) => OWN.includes(name)))
      throw new DataDirectoryError("not-ours", path, `${path} is not a data directory of nakadi`);
    const format = entries.includes(FORMAT_FILE) ? await formatOf(files, path) : undefined;
    if (format !== undefined) checkNotNewer(path, format);
    const ownership = await own(path);
    if (repair && format !== FORMAT) await writeMarker(files, path);
    return ownership;
  });
}

/** Looks at a data directory that exists, in use or not. @throws {DataDirectoryError} */
export async function demandDataDirectory(files: Files, path: string): Promise<void> {
  await attempt(path, async () => {
    demandExists(path);
    if (await checkFormat(files, path))
      throw new DataDirectoryError("not-ours", path, `${path} is not a data directory of nakadi: it is empty`);
  });
}

function demandExists(path: string): void {
  if (!existsSync(path)) throw new DataDirectoryError("unusable", path, `there is no directory ${path}`);
}

/** Says whether the directory is new. @throws {DataDirectoryError} */
async function checkFormat(files: Files, path: string): Promise<boolean> {
  const entries = (await files.list(path)).filter((name) => name !== IGNORED && !isOwnerSocket(name));
  checkNoCopy(path, entries);
  if (entries.includes(FORMAT_FILE)) {
    const format = await formatOf(files, path);
    if (format === undefined) throw damaged(path, `${join(path, FORMAT_FILE)} does not say which data format it is`);
    checkNotNewer(path, format);
    return false;
  }
  if (entries.includes(LMDB)) {
    throw new DataDirectoryError(
      "older-format",
      path,
      `${path} holds data of an earlier nakadi, which kept it in LMDB; this one cannot read it. Choose another directory`,
    );
  }
  const foreign = entries.find((name) => name !== NEW_MARKER && !OWN.includes(name));
  if (foreign !== undefined) {
    throw new DataDirectoryError(
      "not-ours",
      path,
      `${path} is not a data directory of nakadi: it holds ${foreign}. Choose an empty or a new directory`,
    );
  }
  if (entries.some((name) => name !== NEW_MARKER)) throw damaged(path, `${join(path, FORMAT_FILE)} is missing`);
  return true;
}

function checkNoCopy(path: string, entries: readonly string[]): void {
  const message = entries.includes(UNFINISHED_COPY)
    ? `${path} holds a copy that was not finished. Remove what is in it, then make the copy again`
    : `${path} is a backup. To make a data directory of it: nakadi restore ${path} DIRECTORY`;
  if (entries.includes(UNFINISHED_COPY) || entries.includes(MANIFEST))
    throw new DataDirectoryError("not-ours", path, message);
}

function checkNotNewer(path: string, format: number): void {
  if (format <= FORMAT) return;
  throw new DataDirectoryError(
    "newer-format",
    path,
    `${path} has data format ${format}, of a newer nakadi; this one knows format ${FORMAT}. Use the newer one`,
  );
}

/** Undefined where the marker does not say. */
async function formatOf(files: Files, path: string): Promise<number | undefined> {
  const file = await files.open(join(path, FORMAT_FILE), "read");
  try {
    const bytes = Buffer.alloc(Math.min(await file.size(), 1_000));
    await file.read(bytes, 0);
    const { format } = JSON.parse(bytes.toString()) as { format?: unknown };
    return Number.isSafeInteger(format) && Number(format) >= 1 ? Number(format) : undefined;
  } catch (error) {
    // `null` has no members.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

async function writeMarker(files: Files, path: string): Promise<void> {
  const temporary = join(path, NEW_MARKER);
  const file = await files.open(temporary, "create");
  try {
    await file.truncate(0);
    await file.writev([Buffer.from(`${JSON.stringify(MARK)}\n`)], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, join(path, FORMAT_FILE));
  await files.syncDirectory(path);
}
