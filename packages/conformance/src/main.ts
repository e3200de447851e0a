/** The process of the `nakadi-conformance` command. */
import { runCommand } from "./command.ts";

const stop = new AbortController();
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 };
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // The second signal ends the process without clearing away.
    if (stop.signal.aborted) process.exit(EXIT_CODES[signal]);
    stop.abort(signal);
  });
}

void runCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stop.signal,
}).then((code) => {
  process.exitCode = stop.signal.aborted ? EXIT_CODES[stop.signal.reason as keyof typeof EXIT_CODES] : code;
});
