/**
 * Collects the records of a batch. Events pass all steps one by one, so that only what is stored stays in memory; the
 * answer is the same as if each step took the whole batch: a fault of validation outweighs one of partitioning, whichever
 * event comes first (protocol 4.1).
 * @pure
 */
import type { BatchItemResponse, EventOwnerSelector } from "nakadi-protocol";
import type { NewRecord } from "nakadi-storage";
import type { Access, Resource } from "../authorization/authorizer.ts";
import { isObject } from "../event-types/schema/json-schema.ts";
import type { JsonObject } from "../event-types/schema/json-schema.ts";
import { eidOf, refusedItems } from "./item-responses.ts";
import type { Failure } from "./item-responses.ts";
import { pathOf } from "./partition.ts";
import type { PublishedItem } from "./scan.ts";

export interface Steps {
  /** Why the event is invalid; absent if it is valid. */
  validate: (item: PublishedItem) => string | undefined;
  /** The partition of a valid event, or the reason why it has none. */
  partition: (item: PublishedItem) => number | string;
  /** What is stored of the event. */
  record: (item: PublishedItem, partition: number) => NewRecord;
}

export class Batch {
  readonly #steps: Steps;
  readonly #eids: string[] = [];
  readonly #partitions: number[] = [];
  readonly #records: NewRecord[] = [];
  #invalid: Failure | undefined;
  #unassigned: Failure | undefined;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /** One entry for each event, as in `partitions` and, unless the batch is refused, in `records`. */
  get eids(): readonly string[] {
    return this.#eids;
  }

  get partitions(): readonly number[] {
    return this.#partitions;
  }

  get records(): readonly NewRecord[] {
    return this.#records;
  }

  addEvent(item: PublishedItem): void {
    const index = this.#eids.push(eidOf(item.value)) - 1;
    if (this.#invalid) return;
    const fault = this.#steps.validate(item);
    if (fault !== undefined) this.#invalid = { step: "validating", index, detail: fault };
    if (this.#invalid ?? this.#unassigned) return;
    const partition = this.#steps.partition(item);
    if (typeof partition === "string") {
      this.#unassigned = { step: "partitioning", index, detail: partition };
      return;
    }
    this.#partitions.push(partition);
    this.#records.push(this.#steps.record(item, partition));
  }

  /** The answers of a refused batch; absent if it can be stored. */
  refusal(): BatchItemResponse[] | undefined {
    if (this.#invalid) return refusedItems(this.#eids, this.#invalid, []);
    return this.#unassigned && refusedItems(this.#eids, this.#unassigned, this.#partitions);
  }
}

/** The owners of a batch's events, for event types that name them: only its owner may write an event (protocol 4.1, step 6). */
export class EventOwners {
  readonly #selector: EventOwnerSelector;
  readonly #events: (Resource | undefined)[] = [];

  constructor(selector: EventOwnerSelector) {
    this.#selector = selector;
  }

  addEvent({ value }: Pick<PublishedItem, "value">): void {
    this.#events.push(ownedEvent(this.#selector, value));
  }

  /** The first event that the caller may not write; absent if the caller may write all. */
  async denied(access: Access): Promise<Failure | undefined> {
    for (const [index, event] of this.#events.entries()) {
      if (!event || (await access.may("WRITE", event))) continue;
      return { step: "validating", index, detail: `Access on WRITE event:${event.name} denied` };
    }
    return undefined;
  }
}

/** The event as a resource that only its owner may write; absent where the event names no owner, so that all may. */
function ownedEvent({ type, name, value }: EventOwnerSelector, event: JsonObject): Resource | undefined {
  const owner = type === "static" ? value : type === "path" ? textAt(event, pathOf(value ?? "")) : undefined;
  if ((owner ?? null) === null) return undefined;
  return { type: "event", name: eidOf(event), authorization: { writers: [{ data_type: name, value: String(owner) }] } };
}

function textAt(event: JsonObject, path: readonly string[]): string | undefined {
  let at: unknown = event;
  for (const name of path) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  if ((at ?? null) === null) return undefined;
  return typeof at === "string" ? at : JSON.stringify(at);
}
