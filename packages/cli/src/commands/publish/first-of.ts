/**
 * Waiting for something that may never come. `Promise.race` would keep whatever came for as long as the signal lives: all
 * events of an endless pipe.
 */

/**
 * What `coming` brings; `"stopped"` when `signal` is aborted before, `"late"` when it has not come in time.
 * @param patienceMs may be infinite
 * @throws what `coming` rejects with
 */
export async function firstOf<T>(
  coming: Promise<T>,
  signal: AbortSignal,
  patienceMs: number,
): Promise<T | "stopped" | "late"> {
  if (signal.aborted) return "stopped";
  let [stop, timer]: [() => void, NodeJS.Timeout | undefined] = [() => undefined, undefined];
  try {
    return await new Promise((resolve, reject) => {
      stop = () => resolve("stopped");
      signal.addEventListener("abort", stop, { once: true });
      if (Number.isFinite(patienceMs)) timer = setTimeout(resolve, patienceMs, "late" as const);
      coming.then(resolve, reject);
    });
  } finally {
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
  }
}
