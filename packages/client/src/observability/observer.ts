/**
 * Callbacks by which a program is told what happens. What one throws, or rejects with, is its own affair.
 * @pure
 */

/** @param failed told what it threw or rejected with */
export function tellObserver(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const answer = call();
    if (answer instanceof Promise) answer.catch(failed);
  } catch (error) {
    failed(error);
  }
}
