/**
 * A backup is what a crash at one instant would leave: the snapshot, the journal from there up to one durable position, and
 * the segments that the snapshot names. Events and commits are in one journal, so no commit is beyond an event that is not
 * there. Segments only grow, so most of them are copied while the broker goes on; the rest while it holds all work that takes
 * something away. Links would not do: files of the journal are used again.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { demandDataDirectory, FORMAT_FILE, MANIFEST } from "../data-directory.ts";
import { nodeFiles } from "../files.ts";
import { isJournalFile, journalFileName } from "../journal/journal-files.ts";
import { own } from "../ownership.ts";
import { readSnapshot, SNAPSHOT } from "../rows/snapshot.ts";
import { LOGS } from "../segments/partition-rows.ts";
import { APPENDED, isSegment } from "../segments/segment-list.ts";
import { damaged } from "../system-refusal.ts";
import { BackupError } from "../../backup-error.ts";
import { refused } from "./refused.ts";
import { Copying, intoEmpty } from "./copying.ts";
import type { Copied, CopyOptions } from "./copying.ts";
import type { JournalCut } from "./hold-service.ts";
import { manifestText } from "./manifest.ts";
import { RunningOwner } from "./running-owner.ts";

const JOURNAL = "journal";

export interface BackupReport {
  /** Whether a broker was running during the copy. */
  running: boolean;
  files: number;
  bytes: number;
}

/**
 * Copies a data directory to an empty or a new one, whether a broker uses it or not.
 * @throws {BackupError} @throws {DataDirectoryError} where there is no data directory, or its snapshot is damaged
 * @throws the signal's reason; the copy is removed then, as after every failure
 */
export async function backupDirectory(directory: string, to: string, options: CopyOptions = {}): Promise<BackupReport> {
  await demandDataDirectory(nodeFiles, directory);
  using owner = await RunningOwner.find(directory);
  options.signal?.addEventListener("abort", () => owner?.[Symbol.dispose](), { once: true });
  const ownership = owner ? undefined : await own(directory);
  try {
    return await intoEmpty(directory, to, async () => {
      const backup = new Backup(directory, to, options);
      await backup.segments();
      if (owner) {
        const cut = await owner.hold();
        await backup.segments(cut.lastLog);
        await backup.rest(cut);
        await owner.confirm();
      } else await backup.rest();
      return { running: owner !== undefined, ...(await backup.finish()) };
    });
  } finally {
    await ownership?.release();
  }
}

interface CopiedSegment extends Copied {
  /** Device and inode: another one may have taken the name. */
  identity: string;
}

class Backup {
  readonly #directory: string;
  readonly #to: string;
  readonly #copying: Copying;
  readonly #copied = new Map<string, Copied>();
  readonly #segments = new Map<string, CopiedSegment>();

  constructor(directory: string, to: string, options: CopyOptions) {
    this.#directory = directory;
    this.#to = to;
    this.#copying = new Copying(directory, to, options);
  }

  /** Those that there are up to a log, as they are: what was copied before only as far as it is new. */
  async segments(lastLog: number = Infinity): Promise<void> {
    const found = await this.#findSegments(lastLog);
    for (const [path, before] of this.#segments) {
      if (found.get(path)?.identity === before.identity) continue;
      await nodeFiles.unlink(join(this.#to, path));
      this.#segments.delete(path);
    }
    for (const [path, { bytes }] of found) this.#copying.expect(bytes - (this.#segments.get(path)?.bytes ?? 0));
    for (const [path, { bytes, identity }] of found) {
      const before = this.#segments.get(path);
      if (before?.bytes === bytes) continue;
      const grown = before !== undefined && before.bytes < bytes && path.endsWith(APPENDED) ? before : undefined;
      const copied = await this.#copying.copy(path, grown, bytes);
      // Retention or compaction has just removed it.
      if (copied) this.#segments.set(path, { ...copied, identity });
    }
  }

  /** All but segments; of the journal of a running broker what is before the `cut`. */
  async rest(cut?: JournalCut): Promise<void> {
    await this.#copy(FORMAT_FILE);
    const snapshot = await readSnapshot(nodeFiles, this.#directory);
    if (snapshot && snapshot.damage.length > 0)
      throw damaged(this.#directory, `the snapshot in ${this.#directory} is not as it was written`);
    if (snapshot) await this.#copy(SNAPSHOT);
    if (!cut) {
      const names = await nodeFiles.list(join(this.#directory, JOURNAL));
      for (const name of names.filter(isJournalFile)) await this.#copy(`${JOURNAL}/${name}`);
      return;
    }
    const { position, fileBytes } = cut;
    const last = Math.floor(position / fileBytes);
    for (let number = Math.floor((snapshot?.position ?? 0) / fileBytes); number <= last; number++)
      await this.#copy(`${JOURNAL}/${journalFileName(number)}`, Math.min(fileBytes, position - number * fileBytes));
  }

  async finish(): Promise<{ files: number; bytes: number }> {
    const files = [...this.#copied, ...this.#segments].map(([path, { bytes, crc32 }]) => ({ path, bytes, crc32 }));
    const text = Buffer.from(manifestText({ madeAt: new Date().toISOString(), files }));
    await this.#copying.write(MANIFEST, (file) => file.writev([text], 0));
    return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async #copy(path: string, end?: number): Promise<void> {
    const copied = await this.#copying.copy(path, undefined, end);
    // The journal's next file may not have been made.
    if (copied) this.#copied.set(path, copied);
    else if (end !== 0) throw new BackupError(`${join(this.#directory, path)} is missing. Repeat the backup`);
  }

  async #findSegments(lastLog: number): Promise<Map<string, { bytes: number; identity: string }>> {
    const found = new Map<string, { bytes: number; identity: string }>();
    for (const number of (await this.#list(LOGS)).filter((name) => Number(name) <= lastLog)) {
      for (const partition of await this.#list(`${LOGS}/${number}`)) {
        const place = `${LOGS}/${number}/${partition}`;
        for (const name of (await this.#list(place)).filter(isSegment)) {
          const path = `${place}/${name}`;
          const stats = await this.#look(path);
          if (stats) found.set(path, stats);
        }
      }
    }
    return found;
  }

  async #list(path: string): Promise<readonly string[]> {
    return nodeFiles.list(join(this.#directory, path)).catch((error: unknown) => {
      throw refused("read", path, error);
    });
  }

  async #look(path: string): Promise<{ bytes: number; identity: string } | undefined> {
    try {
      const { size, dev, ino } = await stat(join(this.#directory, path));
      return { bytes: size, identity: `${dev}:${ino}` };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw refused("read", path, error);
    }
  }
}
