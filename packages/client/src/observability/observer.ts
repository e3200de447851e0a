/**
 * Calls of the program's observers. An error that an observer throws does not reach the client.
 * @pure
 */

/** @param failed called with the error that the observer threw or rejected with */
export function tellObserver(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const answer = call();
    if (answer instanceof Promise) answer.catch(failed);
  } catch (error) {
    failed(error);
  }
}
