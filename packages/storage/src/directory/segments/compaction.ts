/**
 * Compaction of segments, which are written anew one after the other, small ones together. Offsets keep their values: a frame
 * stands for the offsets of the records that have gone as well.
 */
import type { NewestRecords } from "../../in-process/newest-records.ts";
import { encodeFrame } from "./frame.ts";
import type { Segment } from "./segment.ts";

/** Segments that become one. */
export interface Compacted {
  segments: readonly Segment[];
  parts: readonly Uint8Array[];
  bytes: number;
  /** The offset that follows. */
  next: number;
}

/** What is worth writing, of at most `maxBytes` each. A segment that is damaged stays as it is. */
export async function* compactSegments(
  segments: readonly Segment[],
  newest: NewestRecords,
  maxBytes: number,
): AsyncGenerator<Compacted, void, undefined> {
  let group: Rewritten[] = [];
  let bytes = 0;
  function* take(): Iterable<Compacted> {
    const next = group.at(-1)?.next ?? NaN;
    if (group.length > 1 || group[0]?.dropped)
      yield {
        next,
        segments: group.map(({ segment }) => segment),
        parts: group.flatMap(({ parts }) => parts),
        bytes,
      };
    group = [];
    bytes = 0;
  }
  for (const segment of segments) {
    const rewritten = await rewrite(segment, newest);
    if (!rewritten || bytes + rewritten.bytes > maxBytes) yield* take();
    if (!rewritten) continue;
    group.push(rewritten);
    bytes += rewritten.bytes;
  }
  yield* take();
}

interface Rewritten {
  segment: Segment;
  parts: readonly Uint8Array[];
  bytes: number;
  next: number;
  /** Records that have gone. */
  dropped: number;
}

async function rewrite(segment: Segment, newest: NewestRecords): Promise<Rewritten | undefined> {
  const parts: Uint8Array[] = [];
  let dropped = 0;
  /** Where the offsets begin that the next frame has to stand for as well. */
  let gap: number | undefined;
  let last;
  for await (const whole of segment.frames()) {
    if (!whole) return undefined;
    const { header, frame, bytes } = whole;
    const kept = frame.records.flatMap((record, index) => {
      const offset = frame.offsets[index] ?? NaN;
      return newest.keeps(record, offset, header.timestampMs) ? [{ record, offset }] : [];
    });
    dropped += frame.records.length - kept.length;
    last = header;
    if (kept.length === 0) {
      gap ??= header.first;
      continue;
    }
    if (gap === undefined && kept.length === frame.records.length) parts.push(bytes);
    else {
      const range = { ...header, first: gap ?? header.first };
      parts.push(
        encodeFrame(
          range,
          kept.map(({ offset }) => offset),
          kept.map(({ record }) => record),
        ),
      );
    }
    gap = undefined;
  }
  if (last && gap !== undefined) parts.push(encodeFrame({ ...last, first: gap }, [], []));
  if (!last) return undefined;
  return { segment, parts, next: last.last + 1, bytes: parts.reduce((sum, { length }) => sum + length, 0), dropped };
}
