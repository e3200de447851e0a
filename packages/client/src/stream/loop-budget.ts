/**
 * Limits how long the client blocks the event loop: after some milliseconds in one turn, work continues in the next. All streams and
 * consumers share the loop, so they share one budget. It is measured in real time, whatever clock the client has.
 */

/** Half of 20 ms, the longest block that is acceptable: a single step may take as long again. */
const TURN_MS = 10;

let startedMs: number | undefined;

/** Whether remaining work should wait for the next turn. */
export function turnIsSpent(): boolean {
  const nowMs = performance.now();
  if (startedMs === undefined) {
    startedMs = nowMs;
    setImmediate(() => (startedMs = undefined));
  }
  return nowMs - startedMs >= TURN_MS;
}

/** Resolves in the next turn of the loop, after timers and sockets. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
