/**
 * Detects code that runs inside an open call of a handler, policy, sink or store, so that such code does not wait for its own end. The
 * context costs about a microsecond a call (measured under Node 20).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { NakadiError } from "../errors/nakadi-error.ts";

interface Call {
  readonly of: OwnCalls;
  /** The call of another consumer or outbox that this one was made in. */
  readonly within: Call | undefined;
  over: boolean;
}

/** One for all instances: each context in use costs time at every asynchronous step of the program. */
const running = new AsyncLocalStorage<Call>();

export class OwnCalls {
  async run<T>(call: () => T | Promise<T>): Promise<T> {
    const own: Call = { of: this, within: stillRunning(running.getStore()), over: false };
    try {
      return await running.run(own, call);
    } finally {
      own.over = true;
    }
  }

  /** Whether the running code belongs to an open call, directly or through what the call awaits or has started. */
  get inside(): boolean {
    for (let call = stillRunning(running.getStore()); call; call = stillRunning(call.within)) {
      if (call.of === this) return true;
    }
    return false;
  }
}

function stillRunning(call: Call | undefined): Call | undefined {
  let found = call;
  while (found?.over) found = found.within;
  return found;
}

/** A call would wait for its own end. */
export class SelfWaitError extends NakadiError {
  constructor(what: string, where: string, remedy: string) {
    super("CONFIG", `${what} inside ${where} waits for ${where} to end: ${remedy}`);
  }
}

/** A rejection that only an awaiting caller sees: a call that does not wait is not at fault. */
export function refusedWait(reason: SelfWaitError): Promise<never> {
  const refused: Promise<never> = Promise.reject(reason);
  refused.catch(() => undefined);
  return refused;
}
