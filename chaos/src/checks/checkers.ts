/**
 * The two judges. The crash checker is for a broker that is killed under raw HTTP; the chaos checker also asks what consumers
 * did with their events.
 * @pure
 */
import type { Line } from "../history/line.ts";
import { completeness } from "./completeness.ts";
import { ends } from "./ends.ts";
import { handlingOrder } from "./handling-order.ts";
import { keyOrder } from "./key-order.ts";
import { laneOrder } from "./lane-order.ts";
import { storage } from "./storage.ts";
import { type Check, ofKind, type Violation } from "./violation.ts";

const CRASH: readonly Check[] = [completeness, storage, laneOrder, rest];
const CHAOS: readonly Check[] = [...CRASH, handlingOrder, ends, keyOrder];

export function checkCrash(history: readonly Line[]): Violation[] {
  return CRASH.flatMap((check) => check(history));
}

export function checkChaos(history: readonly Line[]): Violation[] {
  return CHAOS.flatMap((check) => check(history));
}

/** No process ends by itself, and none hangs. */
function rest(history: readonly Line[]): Violation[] {
  const died = ofKind(history, "died");
  const stuck = ofKind(history, "stuck");
  return [
    ...died.map(({ seq, process, ending }): Violation => ({ rule: "died", seq, what: `${process}: ${ending}` })),
    ...stuck.map(({ seq, what }): Violation => ({ rule: "stuck", seq, what })),
  ];
}
