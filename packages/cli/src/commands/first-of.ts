/**
 * Waiting for something that may never come. `Promise.race` would keep whatever came for as long as the signal lives: all
 * events of an endless pipe.
 */

/**
 * What `coming` brings, where it is there already or comes first; `"stopped"` when `signal` is aborted, `"late"` when it has
 * not come in time. What `coming` rejects with after that is dropped.
 * @param patienceMs may be infinite
 * @throws what `coming` rejects with
 */
export async function firstOf<T>(
  coming: Promise<T>,
  signal: AbortSignal,
  patienceMs: number,
): Promise<T | "stopped" | "late"> {
  let [stop, timer]: [() => void, NodeJS.Timeout | undefined] = [() => undefined, undefined];
  try {
    return await new Promise((resolve, reject) => {
      coming.then(resolve, reject);
      stop = () => resolve("stopped");
      if (signal.aborted) queueMicrotask(stop);
      signal.addEventListener("abort", stop, { once: true });
      if (Number.isFinite(patienceMs)) timer = setTimeout(resolve, patienceMs, "late" as const);
    });
  } finally {
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
  }
}
