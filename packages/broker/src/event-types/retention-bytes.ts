/**
 * The annotation of an event type that bounds how many bytes of events it keeps. The real server has none.
 * @pure
 */
import type { Violation } from "../problems.ts";

const RETENTION_BYTES = "nakadi-ts/retention-bytes";

/** Of each partition at least that many of its newest bytes stay; `undefined` where events are kept whatever their size. */
export function retentionBytes(annotations: Readonly<Record<string, string>>): number | undefined {
  const text = annotations[RETENTION_BYTES];
  return text === undefined ? undefined : Number(text);
}

/** Faults: the value is not a whole number within its bounds. */
export function retentionBytesViolations(annotations: Readonly<Record<string, string>>): Violation[] {
  const text = annotations[RETENTION_BYTES];
  if (text === undefined || (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text)))) return [];
  return [
    {
      field: `annotations[${RETENTION_BYTES}]`,
      message: `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
    },
  ];
}
