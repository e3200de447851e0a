/** Keeping the process alive while something waits: a clock's own timers do not do that, and in a back-off no socket does. */

const LONG_MS = 2 ** 30;

/** Holds until the returned function is called, which may be called more than once. */
export function holdProcess(): () => void {
  const handle = setInterval(() => undefined, LONG_MS);
  return () => clearInterval(handle);
}
