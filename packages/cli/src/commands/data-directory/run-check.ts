/** Verifies or repairs a data directory and says what was found. */
import {
  type CheckOptions,
  DataDirectoryError,
  type DirectoryReport,
  repairDataDirectory,
  verifyDataDirectory,
} from "nakadi-broker";
import { type Context, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { Progress } from "../../terminal/progress.ts";
import { repairText, verifyText } from "./report.ts";

type Check = (directory: string, options: CheckOptions) => Promise<DirectoryReport>;

export async function runVerify(context: Context, directory: string): Promise<ExitCode> {
  const report = await run(context, directory, "verifying", verifyDataDirectory);
  if (typeof report === "number") return report;
  context.stdout.write(verifyText(directory, report));
  return report.healthy ? EXIT.ok : EXIT.failed;
}

export async function runRepair(context: Context, directory: string): Promise<ExitCode> {
  const report = await run(context, directory, "repairing", repairDataDirectory);
  if (typeof report === "number") return report;
  context.stdout.write(repairText(directory, report));
  return EXIT.ok;
}

async function run(
  context: Context,
  directory: string,
  doing: string,
  check: Check,
): Promise<DirectoryReport | ExitCode> {
  const progress = new Progress(context.stderr, doing, false);
  try {
    return await check(directory, {
      signal: context.signal,
      onProgress: (done, total) => progress.update((100 * done) / Math.max(1, total), 100, "event logs"),
    });
  } catch (error) {
    const signal = stopSignalOf(context);
    if (signal) return exitCodeOf(signal);
    throw error instanceof DataDirectoryError ? new Failure(error.message) : error;
  } finally {
    progress.end();
  }
}
