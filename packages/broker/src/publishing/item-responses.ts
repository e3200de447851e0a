/**
 * The answers for each event of a batch that was refused or stored in part (protocol 4.3).
 * @pure
 */
import type { BatchItemResponse, PublishingStep } from "nakadi-protocol";
import { isObject } from "../event-types/schema/json-schema.ts";
import type { JsonObject } from "../event-types/schema/json-schema.ts";

/** Steps that refuse a whole batch, each with the step that the events after the failed one have reached. */
const BEFORE = {
  validating: "none",
  partitioning: "validating",
  enriching: "partitioning",
} as const;

export interface Failure {
  step: keyof typeof BEFORE;
  /** Index of the failed event. */
  index: number;
  detail: string;
}

/** `metadata.eid`, or an empty string. */
export function eidOf({ metadata }: JsonObject): string {
  const eid = isObject(metadata) ? metadata["eid"] : undefined;
  return typeof eid === "string" ? eid : "";
}

/**
 * Nothing is stored: one event failed, and the others are aborted.
 * @param partitions those of the first events, as far as they are known
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

/** All events are aborted before the first step. */
export function untouchedItems(eids: readonly string[]): BatchItemResponse[] {
  return eids.map((eid) => ({ publishing_status: "aborted", detail: "", step: "none", eid, partition: null }));
}

/**
 * The storage refused the events of some partitions.
 * @param failureOf why the events of a partition are not stored; `undefined` if they are
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
