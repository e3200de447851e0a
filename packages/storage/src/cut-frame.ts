/**
 * Which part of a frame a read gets.
 * @pure
 */
import type { Frame } from "./ports.ts";

/**
 * The records of a frame behind the first `skip` that fit: the frame itself if that is all, `undefined` if that is none.
 * @param bytes of all values of the frame
 */
export function cutFrame(
  frame: Frame,
  bytes: number,
  skip: number,
  max: { bytes: number; records: number },
  atLeastOne: boolean,
): Frame | undefined {
  const { records, offsets, timestampMs } = frame;
  if (skip === 0 && bytes <= max.bytes && records.length <= max.records) return frame;
  let end = skip;
  let left = max.bytes;
  for (; end < records.length && end - skip < max.records; end++) {
    left -= records[end]?.value?.byteLength ?? 0;
    if (left < 0) break;
  }
  if (end === skip && atLeastOne) end++;
  if (end === skip) return undefined;
  return {
    first: offsets[skip] ?? frame.first,
    timestampMs,
    offsets: offsets.slice(skip, end),
    records: records.slice(skip, end),
  };
}

export function lastOf(frame: Frame): number {
  return frame.offsets.at(-1) ?? frame.first;
}

export function valueBytes({ records }: Frame): number {
  let bytes = 0;
  for (const { value } of records) bytes += value?.byteLength ?? 0;
  return bytes;
}
