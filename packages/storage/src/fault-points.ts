/**
 * Places between a request and its answer where a test can stop the broker, or end it. What writes to two ports passes
 * them twice, so the n-th passage is also any instant between two writes.
 */

/**
 * `before-write`: a group of writes is put together, nothing of it is on disk. `writing`: the storage has it and flushes.
 * `after-flush`: all of it is on disk, and not acknowledged.
 */
export const FAULT_POINTS = ["before-write", "writing", "after-flush"] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Called each time a point is passed; the broker goes on when the promise resolves. */
export type FaultHook = (point: FaultPoint) => void | Promise<void>;

/**
 * Ends this process with SIGKILL at the n-th passage of a point: `after-flush:17`.
 * @throws {RangeError} for any other text
 */
export function killAt(order: string): FaultHook {
  const [point = "", count = ""] = order.split(":", 2);
  if (!FAULT_POINTS.some((known) => known === point) || !/^[1-9][0-9]*$/.test(count)) {
    throw new RangeError(
      `"${order}" is not a fault point and a count, as in after-flush:17 (${FAULT_POINTS.join(", ")}).`,
    );
  }
  let left = Number(count);
  return (reached) => {
    if (reached === point && (left -= 1) === 0) process.kill(process.pid, "SIGKILL");
  };
}
