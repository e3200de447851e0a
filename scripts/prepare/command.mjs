// Runs one command to its end. Its output goes to stderr if it fails, and nowhere if all is well.
import { spawn } from "node:child_process";
import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

export class CommandFailed extends Error {
  constructor(name, exitCode) {
    super(`${name} failed with exit code ${exitCode}.`);
    this.exitCode = exitCode;
  }
}

export async function command(name, file, args, options) {
  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(chunk));

  // We outlive a signal until the child is gone, so that the lock is given back after its last write and not before.
  const forward = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  const exitCode = await new Promise((resolve) => {
    child.on("error", (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      resolve(127);
    });
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
  for (const signal of SIGNALS) process.off(signal, forward);

  if (exitCode === 0) return;
  process.stderr.write(Buffer.concat(output));
  throw new CommandFailed(name, exitCode);
}
