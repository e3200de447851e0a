/** Repairs a data directory and says what was kept and what was lost. */
import { DataDirectoryError, type RepairReport, repairDataDirectory, type RepairStep } from "nakadi-broker";
import { type Context, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { Progress } from "../../terminal/progress.ts";
import { reportText } from "./report.ts";

/** Where each step begins on the bar, in hundredths, and how long it is. */
const SHARES: Readonly<Record<RepairStep, readonly [from: number, length: number, note: string]>> = {
  check: [0, 40, "checking"],
  search: [40, 20, "searching"],
  write: [60, 40, "writing"],
};

export async function runRepair(context: Context, directory: string): Promise<ExitCode> {
  const progress = new Progress(context.stderr, "repairing", false);
  let report: RepairReport;
  try {
    report = await repairDataDirectory(directory, {
      signal: context.signal,
      onProgress: (step, done, total) => {
        const [from, length, note] = SHARES[step];
        progress.update(from + (length * done) / Math.max(1, total), 100, note);
      },
    });
  } catch (error) {
    const signal = stopSignalOf(context);
    if (signal) return exitCodeOf(signal);
    throw error instanceof DataDirectoryError ? new Failure(error.message) : error;
  } finally {
    progress.end();
  }
  context.stdout.write(reportText(directory, report));
  return EXIT.ok;
}
