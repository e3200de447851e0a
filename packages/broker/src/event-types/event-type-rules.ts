/**
 * Rules between the members of an event type, in the server's order (protocol 5.1.2, 5.2.1). Each is a plain 422.
 * @pure
 */
import type { PartitionStrategy } from "nakadi-protocol";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import type { EventTypeRequest } from "./event-type-request.ts";

/** @throws {ProblemError} 422 */
export function checkRetention(
  retentionMs: number | null,
  { minRetentionMs, maxRetentionMs }: Pick<Limits, "minRetentionMs" | "maxRetentionMs">,
): void {
  if (retentionMs === null) return;
  if (retentionMs > maxRetentionMs) refuse(`Field "options.retention_time" can not be more than ${maxRetentionMs}`);
  if (retentionMs < minRetentionMs) refuse(`Field "options.retention_time" can not be less than ${minRetentionMs}`);
}

/** @throws {ProblemError} 422 */
export function checkCleanupPolicy({ category, cleanup_policy }: EventTypeRequest): void {
  if (category === "undefined" && cleanup_policy !== "delete") {
    refuse("cleanup_policy 'compact' and 'compact_and_delete' is not available for 'undefined' event type category");
  }
}

/** @throws {ProblemError} 422 */
export function checkEnrichment({ category, enrichment_strategies }: EventTypeRequest): void {
  if (new Set(enrichment_strategies).size < enrichment_strategies.length) {
    refuse("enrichment strategies must not contain duplicated entries");
  }
  if (category === "undefined" && enrichment_strategies.length > 0) {
    refuse("must not define enrichment strategy for undefined event type");
  }
  if (category !== "undefined" && enrichment_strategies.length === 0)
    refuse("must define metadata enrichment strategy");
}

const STRATEGIES: readonly PartitionStrategy[] = ["random", "hash", "user_defined"];

/** @throws {ProblemError} 422 */
export function checkPartitionStrategy(request: EventTypeRequest): PartitionStrategy {
  const { partition_strategy: asked, partition_key_fields, category } = request;
  if (asked === null) refuse("partition strategy must not be null");
  const strategy = STRATEGIES.find((one) => one === asked);
  if (strategy === undefined) refuse(`partition strategy does not exist: ${asked}`);
  if (strategy === "user_defined" && category === "undefined") {
    refuse("'user_defined' partition strategy can't be used for EventType of category 'undefined'");
  }
  if (strategy === "hash" && partition_key_fields.length === 0) {
    refuse("partition_key_fields field should be set for partition strategy 'hash'");
  }
  return strategy;
}

/** @throws {ProblemError} 422 */
export function checkOwnerSelector({ event_owner_selector: selector }: EventTypeRequest): void {
  if (selector?.type === "metadata" && (selector.value ?? null) !== null) {
    refuse("event_owner_selector specifying value for type 'metadata' is not supported");
  }
}

function refuse(detail: string): never {
  throw new ProblemError(422, detail);
}
