/** The process of the `nakadi` command. */
import { anyOf, type Context, inputOf, outputOf } from "./context.ts";
import { exitCodeOf, type StopSignal } from "./exit-codes.ts";
import { runProgram } from "./program.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] satisfies StopSignal[]) {
  process.on(signal, () => {
    // The second signal ends the process at once.
    if (stop.signal.aborted) process.exit(exitCodeOf(signal));
    stop.abort(signal);
  });
}

const context: Context = {
  stdin: inputOf(process.stdin),
  stdout: outputOf(process.stdout, "standard output", process.env),
  stderr: outputOf(process.stderr, "standard error", process.env),
  env: process.env,
  signal: anyOf(stop.signal),
};

void runProgram(process.argv.slice(2), context).then((code) => {
  process.exitCode = code;
  // A command that was interrupted may have left it open, and with it the process.
  process.stdin.destroy();
  // So may an output whose reader has stopped.
  if (stop.signal.aborted) process.exit();
});
