/**
 * No process ends by itself, and nothing hangs: what should come to rest does.
 * @pure
 */
import type { Line } from "../history/line.ts";
import { ofKind, type Violation } from "./violation.ts";

export function rest(history: readonly Line[]): Violation[] {
  const died = ofKind(history, "died");
  const stuck = ofKind(history, "stuck");
  return [
    ...died.map(({ seq, process, ending }): Violation => ({ rule: "died", seq, what: `${process}: ${ending}` })),
    ...stuck.map(({ seq, what }): Violation => ({ rule: "stuck", seq, what })),
  ];
}
