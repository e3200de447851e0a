/**
 * What the process ends with (design 3.5).
 * @pure
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
export type StopSignal = "SIGINT" | "SIGTERM";

export function exitCodeOf(signal: StopSignal): ExitCode {
  return signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
}
