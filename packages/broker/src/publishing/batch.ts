/**
 * What becomes of a batch: one event after the other is validated, partitioned and enriched, and nothing of it is kept
 * but what will be stored. Events are looked at step by step in effect: a fault at validation outweighs one at
 * partitioning, wherever they are (protocol 4.1).
 * @pure
 */
import type { BatchItemResponse } from "nakadi-protocol";
import type { NewRecord } from "nakadi-storage";
import { eidOf, refusedItems } from "./item-responses.ts";
import type { Failure } from "./item-responses.ts";
import type { PublishedItem } from "./scan.ts";

export interface Steps {
  /** What is wrong with an event; nothing if it is valid. */
  validate: (item: PublishedItem) => string | undefined;
  /** The partition of a valid event; a text says why there is none. */
  partition: (item: PublishedItem) => number | string;
  /** What is stored of it. */
  record: (item: PublishedItem, partition: number) => NewRecord;
}

export class Batch {
  readonly #steps: Steps;
  readonly #eids: string[] = [];
  readonly #partitions: number[] = [];
  readonly #records: NewRecord[] = [];
  #invalid: Failure | undefined;
  #homeless: Failure | undefined;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /** One entry an event, as are partitions and, unless the batch is refused, records. */
  get eids(): readonly string[] {
    return this.#eids;
  }

  get partitions(): readonly number[] {
    return this.#partitions;
  }

  get records(): readonly NewRecord[] {
    return this.#records;
  }

  add(item: PublishedItem): void {
    const index = this.#eids.push(eidOf(item.value)) - 1;
    if (this.#invalid) return;
    const fault = this.#steps.validate(item);
    if (fault !== undefined) this.#invalid = { step: "validating", index, detail: fault };
    if (this.#invalid ?? this.#homeless) return;
    const partition = this.#steps.partition(item);
    if (typeof partition === "string") {
      this.#homeless = { step: "partitioning", index, detail: partition };
      return;
    }
    this.#partitions.push(partition);
    this.#records.push(this.#steps.record(item, partition));
  }

  /** The answers to a batch of which nothing will be stored. */
  refusal(): BatchItemResponse[] | undefined {
    if (this.#invalid) return refusedItems(this.#eids, this.#invalid, []);
    return this.#homeless && refusedItems(this.#eids, this.#homeless, this.#partitions);
  }
}
