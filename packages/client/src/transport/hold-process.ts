/** Keeps the process alive during a wait: the clock's timers are unreferenced, and a back-off has no socket. */

const LONG_MS = 2 ** 30;

/** Holds the process until the returned function is called. The function is idempotent. */
export function holdProcess(): () => void {
  const handle = setInterval(() => undefined, LONG_MS);
  return () => clearInterval(handle);
}
