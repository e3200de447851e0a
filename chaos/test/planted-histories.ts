/** Histories that break one rule each, made from histories without a fault. */
import { isPoisonous } from "../src/history/line.ts";
import { numberOf } from "../src/history/places.ts";
import { at, calledOnce, change, type Planted, wasOf, wasTold } from "./planting.ts";

export const planted: [string, string, Planted][] = [
  [
    "an acknowledged event is not stored",
    "lost",
    change(
      "publishing",
      ({ ids }, history) => wasTold(ids, "submitted", history),
      (line) => [{ ...line, ids: [...line.ids.slice(0, -1), "elsewhere"] }],
    ),
  ],
  [
    "a refused event is stored",
    "untruthful",
    change(
      "published",
      ({ call, verdicts, attempt }, history) =>
        attempt === 1 &&
        verdicts === "submitted" &&
        history.filter((line) => line.kind === "publishing" && line.call === call).length === 1,
      (line) => [{ ...line, verdicts: "rejected" }],
    ),
  ],
  [
    "events of one key were sent in another order",
    "key-order",
    change(
      "publishing",
      ({ ids }, history) => ids.length > 1 && calledOnce(ids, history) && wasTold(ids, "submitted", history),
      (line) => [{ ...line, ids: line.ids.toReversed() }],
    ),
  ],
  [
    "a stopped publisher gives up an event",
    "given-up",
    change(
      "published",
      () => true,
      (line) => [{ ...line, verdicts: "aborted", givenUp: [0] }],
    ),
  ],
  [
    "an offset has another event than before",
    "changed-offset",
    change(
      "stored",
      ({ ids }) => ids.length > 0,
      (line) => [{ ...line, ids: ["another", ...line.ids.slice(1)] }],
    ),
  ],
  [
    "an event that was taken at its first attempt is stored twice",
    "stored-twice",
    change(
      "stored",
      ({ ids, lane }, history) =>
        ids.some((id) => calledOnce([id], history) && wasTold([id], "submitted", history)) && lane !== "x:0",
      (line) => [
        line,
        { ...line, lane: "x:0", offset: at(line.ids.length - 1) },
        { ...line, kind: "stored-up-to", lane: "x:0", offset: at(line.ids.length - 1) },
      ],
    ),
  ],
  [
    "a committed event is delivered again on a later stream",
    "committed-again",
    change(
      "committed",
      () => true,
      (line) => [
        line,
        { kind: "opening", from: "late", open: "late" },
        { kind: "opened", from: "late", open: "late", stream: "late" },
        { kind: "delivered", from: "late", stream: "late", lane: "et:0", offset: at(0), ids: ["?"] },
        { kind: "delivered", from: "late", stream: "late", lane: "et:1", offset: at(0), ids: ["?"] },
      ],
    ),
  ],
  [
    "a position goes back",
    "committed-again",
    change(
      "position",
      ({ lane }, history) => history.some((line) => line.kind === "committed" && wasOf(lane, line.commit, history)),
      (line) => [{ ...line, offset: at(-1) }],
    ),
  ],
  [
    "a position that was not committed",
    "lane-order",
    change(
      "position",
      () => true,
      (line) => [{ ...line, offset: at(999_999) }],
    ),
  ],
  [
    "a stream leaves out an event",
    "lane-order",
    change(
      "delivered",
      () => true,
      (line) => [line, { ...line, offset: at(99_999), ids: ["far"] }],
    ),
  ],
  [
    "a stream goes back",
    "lane-order",
    change(
      "delivered",
      () => true,
      (line) => [line, line],
    ),
  ],
  [
    "a lane starts behind its commit point",
    "lane-order",
    change(
      "delivered",
      () => true,
      (line) => [
        { kind: "opening", from: "late", open: "late" },
        { kind: "opened", from: "late", open: "late", stream: "late" },
        { kind: "delivered", from: "late", stream: "late", lane: line.lane, offset: at(77_777), ids: ["far"] },
        line,
      ],
    ),
  ],
  [
    "a batch is handled before the one before it",
    "lane-order",
    change(
      "delivered",
      () => true,
      (line) => [
        { ...line, ids: line.ids.map((id) => `${id}-unhandled`) },
        { ...line, offset: at(numberOf(line.offset) + 1), ids: ["late"] },
        { kind: "handling", from: line.from, work: "hasty", stream: line.stream, lane: line.lane, ids: ["late"] },
        { kind: "handled", from: line.from, work: "hasty" },
      ],
    ),
  ],
  [
    "an unhandled batch is committed",
    "committed-unhandled",
    change(
      "delivered",
      () => true,
      (line) => [
        { ...line, ids: line.ids.map((id) => `${id}-unhandled`) },
        {
          kind: "committing",
          from: line.from,
          commit: "hasty",
          stream: line.stream,
          cursors: [{ lane: line.lane, offset: line.offset }],
        },
        { kind: "committed", from: line.from, commit: "hasty", results: ["committed"] },
      ],
    ),
  ],
  [
    "a batch of a stream that is over is handled",
    "stale-batch",
    change(
      "handling",
      () => true,
      (line) => [{ kind: "stream-ended", from: line.from, stream: line.stream }, line],
    ),
  ],
  [
    "an acknowledged event is never handled to its end",
    "not-handled",
    (history) => {
      const id = history
        .flatMap((line) =>
          line.kind === "published" && line.verdicts === "submitted"
            ? history.flatMap((one) => (one.kind === "publishing" && one.call === line.call ? one.ids : []))
            : [],
        )
        .find((one) => !isPoisonous(one));
      const works = new Set(
        history.flatMap((line) =>
          line.kind === "handling" && id !== undefined && line.ids.includes(id) ? [line.work] : [],
        ),
      );
      return id === undefined
        ? undefined
        : history.map((line) => (line.kind === "handled" && works.has(line.work) ? { ...line, kind: "failed" } : line));
    },
  ],
  [
    "a poisonous event has no dead letter",
    "dead-letters",
    change(
      "dead-letters",
      ({ ids }) => ids.length > 0,
      (line) => [{ ...line, ids: line.ids.filter((id) => id !== line.ids[0]) }],
    ),
  ],
  [
    "a sound event has a dead letter",
    "dead-letters",
    change(
      "dead-letters",
      () => true,
      (line) => [{ ...line, ids: [...line.ids, "sound"] }],
    ),
  ],
  [
    "a process ends by itself",
    "died",
    change(
      "opening",
      () => true,
      (line) => [line, { kind: "died", from: "judge", process: line.from, ending: "1" } as never],
    ),
  ],
  [
    "something hangs",
    "stuck",
    change(
      "opening",
      () => true,
      (line) => [line, { kind: "stuck", from: "judge", what: "the consumers" } as never],
    ),
  ],
  [
    "the log is not read to its end",
    "missing-line",
    change(
      "stored-up-to",
      () => true,
      (line) => [{ ...line, offset: at(99_999) }],
    ),
  ],
  [
    "a stored batch is left out by the reading",
    "missing-line",
    change(
      "stored",
      ({ ids }) => ids.length > 0,
      () => [],
    ),
  ],
  [
    "a commit has no answer though its process lives",
    "missing-line",
    change(
      "committed",
      (line, history) => !history.some((one) => one.kind === "killed" && one.process === line.from),
      () => [],
    ),
  ],
];
