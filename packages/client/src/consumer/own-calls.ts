/** Knows whether code runs inside a call that has not come to an end, so that nothing waits there for its own end. */
import { AsyncLocalStorage } from "node:async_hooks";
import { NakadiError } from "../errors/nakadi-error.ts";

interface Call {
  readonly of: OwnCalls;
  /** The call of somebody else that this one was made in. */
  readonly within: Call | undefined;
  over: boolean;
}

/** One for all: each that is in use costs something at every step of every program. */
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

  /** Whether this is inside a call, through whatever it awaits or has started. */
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

/** A call waited for its own end. */
export class SelfWaitError extends NakadiError {
  constructor(what: string, where: string, remedy: string) {
    super("CONFIG", `${what} inside ${where} waits for ${where} to end: ${remedy}`);
  }
}

/** Rejects for code that waits; code that does not wait is not told, for it does nothing wrong. */
export function refusedWait(reason: SelfWaitError): Promise<never> {
  const refused: Promise<never> = Promise.reject(reason);
  refused.catch(() => undefined);
  return refused;
}
