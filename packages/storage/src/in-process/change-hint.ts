/**
 * What a listener of a subscription gets.
 * @pure
 */
import type { PartitionKey } from "../ports.ts";

export type ChangeHint = [what: "group" | "progress", partitions?: readonly PartitionKey[]];
