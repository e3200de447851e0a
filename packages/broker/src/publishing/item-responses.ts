/**
 * What is said about each event of a batch that was not stored as a whole (protocol 4.3).
 * @pure
 */
import type { BatchItemResponse, PublishingStep } from "nakadi-protocol";
import { isObject } from "../event-types/json-schema.ts";
import type { JsonObject } from "../event-types/json-schema.ts";

/** Steps that refuse a batch as a whole, each with the one that the events behind the failed one have reached. */
const BEFORE = {
  validating: "none",
  partitioning: "validating",
  enriching: "partitioning",
} as const;

export interface Failure {
  step: keyof typeof BEFORE;
  /** Which event failed. */
  index: number;
  detail: string;
}

/** `metadata.eid`, or the empty text where there is none. */
export function eidOf({ metadata }: JsonObject): string {
  const eid = isObject(metadata) ? metadata["eid"] : undefined;
  return typeof eid === "string" ? eid : "";
}

/**
 * Nothing was stored: one event failed, the others are aborted where they stood.
 * @param partitions of the events that have got one
 */
export function refusedItems(
  eids: readonly string[],
  { step, index, detail }: Failure,
  partitions: readonly number[],
): BatchItemResponse[] {
  return eids.map((eid, at) => ({
    publishing_status: at === index ? "failed" : "aborted",
    detail: at === index ? detail : "",
    step: at <= index ? step : (BEFORE[step] satisfies PublishingStep),
    eid,
    partition: partitionName(partitions[at]),
  }));
}

/** Nothing was even looked at. */
export function untouchedItems(eids: readonly string[]): BatchItemResponse[] {
  return eids.map((eid) => ({ publishing_status: "aborted", detail: "", step: "none", eid, partition: null }));
}

/**
 * Storage took some.
 * @param failureOf why the events of a partition are not stored; nothing if they are
 */
export function partlyStoredItems(
  eids: readonly string[],
  partitions: readonly number[],
  failureOf: (partition: number) => string | undefined,
): BatchItemResponse[] {
  return eids.map((eid, at) => {
    const partition = partitions[at];
    const detail = partition === undefined ? undefined : failureOf(partition);
    return {
      publishing_status: detail === undefined ? "submitted" : "failed",
      detail: detail ?? "",
      step: "publishing",
      eid,
      partition: partitionName(partition),
    };
  });
}

function partitionName(partition: number | undefined): string | null {
  return partition === undefined ? null : String(partition);
}
