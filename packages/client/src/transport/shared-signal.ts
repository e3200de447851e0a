/** Signals with listeners of many concurrent calls. */
import { setMaxListeners } from "node:events";

const known = new WeakSet<AbortSignal>();

/** Node warns of a leak above ten listeners; here each call removes its own, so the warning is switched off. */
export function sharedSignal(signal: AbortSignal): AbortSignal {
  if (!known.has(signal)) {
    known.add(signal);
    setMaxListeners(Number.POSITIVE_INFINITY, signal);
  }
  return signal;
}
