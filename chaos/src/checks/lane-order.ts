/**
 * The order of lanes: on a stream each batch of a lane follows the one before; a lane starts, and goes on after it was away,
 * behind a position that was committed, never later; and nothing whose commit was acknowledged before a stream was asked for
 * comes on that stream.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import type { Line } from "../history/line.ts";
import { entryOf, numberOf, spanOf } from "../history/places.ts";
import { CommitPoints } from "./commit-points.ts";
import type { Violation } from "./violation.ts";

export function laneOrder(history: readonly Line[]): Violation[] {
  const found: Violation[] = [];
  const points = new CommitPoints();
  const asked = new Map<string, number>();
  const streams = new Map<string, { askedSeq: number; lasts: Map<LaneKey, number> }>();
  for (const line of history) {
    points.take(line);
    switch (line.kind) {
      case "opening":
        asked.set(line.open, line.seq);
        break;
      case "opened":
        streams.set(line.stream, { askedSeq: asked.get(line.open) ?? line.seq, lasts: new Map() });
        break;
      case "delivered": {
        const { seq, stream, lane } = line;
        const { askedSeq, lasts } = entryOf(streams, stream, () => ({ askedSeq: seq, lasts: new Map() }));
        const { first, last } = spanOf(line);
        const before = lasts.get(lane);
        const committed = points.acknowledgedBy(lane, askedSeq);
        if (before !== undefined && first <= before) {
          found.push({ rule: "lane-order", seq, what: `${lane} went back from ${before} to ${first} on one stream` });
        } else if (first <= committed) {
          const what = `${lane} came again from ${first}; ${committed} had been committed before the stream`;
          found.push({ rule: "committed-again", seq, what });
        } else if (first - 1 !== before && !points.mayBe(lane, first - 1)) {
          found.push({ rule: "lane-order", seq, what: `${lane} goes on at ${first}, where nothing was committed` });
        }
        lasts.set(lane, Math.max(last, before ?? -1));
        break;
      }
      case "position": {
        const { seq, lane, since } = line;
        const number = numberOf(line.offset);
        const committed = points.acknowledgedBy(lane, since);
        if (number < committed) {
          const what = `the position of ${lane} is ${number}; ${committed} had been committed`;
          found.push({ rule: "committed-again", seq, what });
        } else if (!points.mayBe(lane, number)) {
          found.push({
            rule: "lane-order",
            seq,
            what: `the position of ${lane} is ${number}, which was not committed`,
          });
        }
        break;
      }
      default:
    }
  }
  return found;
}
