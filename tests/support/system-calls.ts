/** What `strace -f` has written down, as calls with a beginning and an end. */

export interface SystemCall {
  name: string;
  /** Arguments and result, as strace shows them. */
  text: string;
  /** Positions in the one order of all lines. */
  began: number;
  ended: number;
}

/** In the order in which they began; those that never ended are left out. */
export function systemCalls(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, SystemCall>();
  for (const [line, text] of trace.split("\n").entries()) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(text) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (resumed) {
      const call = unfinished.get(thread);
      if (call) Object.assign(call, { ended: line, text: call.text + (resumed[1] ?? "") });
      continue;
    }
    const [, name, parameters = ""] = /^(\w+)\((.*)$/.exec(rest) ?? [];
    if (name === undefined) continue;
    const call = { name, text: parameters, began: line, ended: line };
    calls.push(call);
    if (!parameters.endsWith("<unfinished ...>")) continue;
    call.ended = Infinity;
    unfinished.set(thread, call);
  }
  return calls.filter(({ ended }) => ended < Infinity);
}
