/**
 * What is left of a partition's segments, frame by frame.
 */
import { join } from "node:path";
import type { Files } from "../files.ts";
import { encodeFrame } from "../segments/frame.ts";
import type { FrameRange } from "../segments/frame.ts";
import type { PartitionRow } from "../segments/partition-rows.ts";
import type { SegmentList } from "../segments/segment-list.ts";

/** Offsets whose events are gone, both included. */
export interface LostOffsets {
  from: number;
  to: number;
}

/** A segment as it has to be, so that a reader passes over what is lost. */
export interface Replacement {
  first: number;
  /** The offset that follows. */
  next: number;
  /** The damaged file, if there is one. */
  path: string | undefined;
  parts: readonly Uint8Array[];
}

export interface PartitionCheck {
  events: number;
  lost: readonly LostOffsets[];
  replacements: readonly Replacement[];
  /** Its oldest offset, and the one behind the last. */
  start: number;
  next: number;
  latestMs: number;
}

/** @param row what the last checkpoint knows: everything before `next` has to be there; `undefined` if nothing is known */
export async function checkPartition(segments: SegmentList, row: PartitionRow | undefined): Promise<PartitionCheck> {
  const start = row?.start ?? segments.all[0]?.first ?? 0;
  const lost: LostOffsets[] = [];
  const replacements: Replacement[] = [];
  let events = 0;
  let next = start;
  let latest = { timestampMs: row?.oldestMs ?? 0, latestMs: row?.oldestMs ?? 0 };
  const gapUntil = (offset: number): Uint8Array[] => {
    if (offset <= next) return [];
    lost.push({ from: next, to: offset - 1 });
    const range: FrameRange = { first: next, last: offset - 1, ...latest };
    next = offset;
    return [encodeFrame(range, [], [])];
  };
  for (const [index, segment] of segments.all.entries()) {
    // What lies before the first segment belongs to no file.
    if (next < segment.first)
      replacements.push({ first: next, next: segment.first, path: undefined, parts: gapUntil(segment.first) });
    const parts: Uint8Array[] = [];
    let damaged = false;
    for await (const whole of segment.frames()) {
      if (!whole) {
        damaged = true;
        continue;
      }
      const { header, frame, bytes } = whole;
      parts.push(...gapUntil(header.first), bytes);
      for (const offset of frame.offsets) if (offset >= start) events += 1;
      latest = { timestampMs: header.timestampMs, latestMs: header.latestMs };
      next = Math.max(next, header.last + 1);
    }
    const end = segments.all[index + 1]?.first ?? row?.next ?? next;
    if (next < end) damaged = true;
    if (damaged) {
      parts.push(...gapUntil(end));
      replacements.push({ first: segment.first, next: end, path: segment.path, parts });
    }
  }
  if (row && next < row.next)
    replacements.push({ first: next, next: row.next, path: undefined, parts: gapUntil(row.next) });
  return { events, lost, replacements, start, next, latestMs: latest.latestMs };
}

/** Damaged files move to `aside`, and what is left of them takes their place. Can be repeated from any point. */
export async function replaceDamaged(
  files: Files,
  segments: SegmentList,
  replacements: readonly Replacement[],
  aside: string,
): Promise<void> {
  for (const { path, ...whole } of replacements) {
    const damaged = path === undefined ? undefined : { path, aside: join(aside, String(whole.first)) };
    if (damaged) await files.makeDirectory(aside);
    await segments.repair(whole, damaged);
    if (damaged) await files.syncDirectory(aside);
  }
}
