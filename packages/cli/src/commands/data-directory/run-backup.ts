/** Makes a backup of a data directory, or a data directory of a backup. */
import {
  backupDataDirectory,
  BackupError,
  type CopyOptions,
  DataDirectoryError,
  restoreDataDirectory,
} from "nakadi-broker";
import { type Context, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { count } from "../../output/quantity.ts";
import { visible } from "../../output/visible.ts";
import { Progress } from "../../terminal/progress.ts";
import { verifyText } from "./report.ts";

const MEGABYTE = 1_000_000;

export async function runBackup(context: Context, directory: string, to: string): Promise<ExitCode> {
  return run(context, "backing up", async (options) => {
    const { files, bytes } = await backupDataDirectory(directory, to, options);
    context.stdout.write(
      `${visible(directory)} is backed up in ${visible(to)}: ${megabytes(bytes)} in ${count(files)} files\n`,
    );
    return EXIT.ok;
  });
}

export async function runRestore(context: Context, backup: string, to: string): Promise<ExitCode> {
  return run(context, "restoring", async (options) => {
    const report = await restoreDataDirectory(backup, to, options);
    context.stdout.write(verifyText(to, report));
    return report.healthy ? EXIT.ok : EXIT.failed;
  });
}

async function run(
  context: Context,
  doing: string,
  work: (options: CopyOptions) => Promise<ExitCode>,
): Promise<ExitCode> {
  const progress = new Progress(context.stderr, doing, false);
  try {
    return await work({
      signal: context.signal,
      onProgress: (done, total) => progress.update(done, total, megabytes(done)),
    });
  } catch (error) {
    const signal = stopSignalOf(context);
    if (signal !== undefined && error === context.signal.reason) return exitCodeOf(signal);
    throw error instanceof DataDirectoryError || error instanceof BackupError ? new Failure(error.message) : error;
  } finally {
    progress.end();
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}
