/**
 * Keeps our own work from holding the event loop: after some milliseconds in one turn, the rest is done in the next. There is
 * one loop for all streams and consumers, so there is one budget. By the machine's own time, whatever the clock: a loop that
 * is held is held.
 */

/** Half of what nobody should notice, for a single step may take as long again. */
const TURN_MS = 10;

let startedMs: number | undefined;

/** Whether what is left should wait for the next turn. */
export function turnIsSpent(): boolean {
  const nowMs = performance.now();
  if (startedMs === undefined) {
    startedMs = nowMs;
    setImmediate(() => (startedMs = undefined));
  }
  return nowMs - startedMs >= TURN_MS;
}

/** Resolves in the next turn of the loop, when timers and sockets had theirs. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
