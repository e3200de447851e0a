/**
 * Records for tests of the log port: how they are made, generated, read back and compared.
 */
import fc from "fast-check";
import type { LogPolicy, LogPort, NewRecord, Slice } from "../ports.ts";
import { NEVER } from "./subject.ts";

export const KEEP: LogPolicy = { retentionMs: null, compact: false };
export const ALL = { bytes: 1e9, records: 1e9 };

export function record(text: string, more: Omit<NewRecord, "value"> = {}): NewRecord {
  return { value: new TextEncoder().encode(text), ...more };
}

export function records(...texts: string[]): NewRecord[] {
  return texts.map((text) => record(text));
}

export const anyRecord: fc.Arbitrary<NewRecord> = fc
  .tuple(
    fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null }),
    fc.record(
      {
        key: fc.string({ maxLength: 4, unit: "grapheme" }),
        consumerTag: fc.string({ maxLength: 4 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([value, more]) => ({ value, ...more }));

/** One record as a plain object with its offset: what tests compare. */
export interface Plain {
  offset: number;
  value: string | null;
  key: string | undefined;
  consumerTag: string | undefined;
}

export function plain(offset: number, { value, key, consumerTag }: NewRecord): Plain {
  return { offset, value: value && Buffer.from(value).toString("hex"), key, consumerTag };
}

export function plainOf({ frames }: Slice): Plain[] {
  return frames.flatMap((frame) => frame.records.map((each, index) => plain(frame.offsets[index] ?? NaN, each)));
}

export function texts(slice: Slice): string[] {
  return slice.frames.flatMap((frame) =>
    frame.records.map(({ value }) => new TextDecoder().decode(value ?? undefined)),
  );
}

export async function readAll(log: LogPort, id: string, partition: number, from = 0): Promise<Slice> {
  return log.read(id, partition, from, ALL, NEVER);
}

/** Appends to one partition and says at which offsets. */
export async function appendTo(
  log: LogPort,
  id: string,
  partition: number,
  batch: readonly NewRecord[],
): Promise<{ first: number; last: number; timestampMs: number }> {
  const outcome = (await log.append(id, new Map([[partition, batch]]), NEVER)).get(partition);
  if (outcome?.outcome !== "stored")
    throw new Error(`The append to ${id} was ${outcome?.outcome}.`, { cause: outcome?.cause });
  return outcome;
}
