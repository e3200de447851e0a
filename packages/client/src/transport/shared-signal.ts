/** Signals that many calls at a time listen to. */
import { setMaxListeners } from "node:events";

const known = new WeakSet<AbortSignal>();

/** Each call takes its listener away again: beyond ten at a time Node takes them for a leak and says so, unless told. */
export function sharedSignal(signal: AbortSignal): AbortSignal {
  if (!known.has(signal)) {
    known.add(signal);
    setMaxListeners(Number.POSITIVE_INFINITY, signal);
  }
  return signal;
}
