/**
 * Redrives dead letters (protocol 3.12.4): events of one event type, each tagged with the subscription that receives it.
 * From the first such event on, the subscription's streams read that event type like their own. Each node polls for tags;
 * several nodes may find the same one.
 */
import type { Clock, Timer } from "nakadi-protocol";
import { NoSuchLogError } from "nakadi-storage";
import type { CoordinationPort, LogId } from "nakadi-storage";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { DEAD_LETTER_REDRIVE } from "../event-types/system-event-types.ts";
import { isNotFound } from "../problems.ts";
import { splitPartitionKey } from "../positions/partition-key.ts";
import { addPartitions, type InitialiseParts } from "../subscriptions/initialise.ts";
import type { Subscriptions } from "../subscriptions/registry.ts";

const POLL_MS = 1_000;
const AT_A_TIME = { bytes: 1_000_000, records: 1_000 };

export interface DeadLetterRedriveParts extends InitialiseParts {
  eventTypes: EventTypes;
  subscriptions: Subscriptions;
  clock: Clock;
  /** Called with the failure of a poll; the next poll resumes where it ended. */
  onError: (error: unknown) => void;
}

export class DeadLetterRedrive implements AsyncDisposable {
  readonly #parts: DeadLetterRedriveParts;
  readonly #aborter = new AbortController();
  /** The next number to read, by log and partition. */
  readonly #next = new Map<string, number>();
  /** Subscriptions with tagged events that do not read the event type yet. */
  readonly #waiting = new Set<string>();
  #timer: Timer | undefined;
  #polling: Promise<void> = Promise.resolve();

  constructor(parts: DeadLetterRedriveParts) {
    this.#parts = parts;
    this.#schedule();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#aborter.abort();
    this.#timer?.cancel();
    await this.#polling;
  }

  #schedule(): void {
    if (this.#aborter.signal.aborted) return;
    this.#timer = this.#parts.clock.schedule(POLL_MS, () => {
      this.#polling = this.#pollTags();
    });
  }

  async #pollTags(): Promise<void> {
    try {
      const stored = await this.#parts.eventTypes.find(DEAD_LETTER_REDRIVE);
      if (stored) {
        await this.#readTags(stored);
        for (const id of this.#waiting) if (await this.#attach(id, stored)) this.#waiting.delete(id);
      } else this.#next.clear();
    } catch (error) {
      const isDeleted = error instanceof NoSuchLogError;
      if (!isDeleted && !this.#aborter.signal.aborted) this.#parts.onError(error);
    }
    this.#schedule();
  }

  async #readTags({ timelines }: StoredEventType): Promise<void> {
    for (const { log } of timelines) {
      const partitions = (await this.#parts.log.bounds(log)).length;
      for (let partition = 0; partition < partitions; partition += 1) await this.#readPartition(log, partition);
    }
  }

  async #readPartition(log: LogId, partition: number): Promise<void> {
    const place = `${log}:${partition}`;
    for (;;) {
      const from = this.#next.get(place) ?? 0;
      const { frames, next } = await this.#parts.log.read(log, partition, from, AT_A_TIME, this.#aborter.signal);
      for (const { records } of frames)
        for (const { consumerTag } of records) if (consumerTag !== undefined) this.#waiting.add(consumerTag);
      this.#next.set(place, next);
      if (next === from) return;
    }
  }

  /** @returns whether the subscription reads the event type or is deleted; false while its positions are not fixed */
  async #attach(id: string, stored: StoredEventType): Promise<boolean> {
    const { subscriptions, coordination } = this.#parts;
    try {
      await subscriptions.get(id);
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
    const current = await coordination.group(id);
    return current !== undefined && (await addPartitions(this.#parts, id, current, [stored])) === "changed";
  }
}

/** Whether a subscription reads the redrive event type, which then must not be deleted. */
export async function isRedriven(subscriptions: Subscriptions, coordination: CoordinationPort): Promise<boolean> {
  for (const { id } of await subscriptions.list()) {
    const topology = (await coordination.group(id))?.group.topology ?? [];
    if (topology.some(({ partition }) => splitPartitionKey(partition).eventType === DEAD_LETTER_REDRIVE)) return true;
  }
  return false;
}
