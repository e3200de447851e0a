/** Where events end up that no consumer could process (protocol 3.12.4): an event type of the broker's own. */
import type { PartitionKey } from "nakadi-storage";
import type { Access } from "../authorization/authorizer.ts";
import { DEAD_LETTER_QUEUE } from "../event-types/system-event-types.ts";
import { publish, type PublishingParts } from "../publishing/publish.ts";
import { splitPartitionKey } from "../positions/partition-key.ts";

export interface DeadLetterQueueParts extends PublishingParts {
  /** Of the broker itself. */
  access: Access;
  uuid: () => string;
  flowId: () => string;
}

export interface DeadLetter {
  subscription: string;
  partition: PartitionKey;
  /** Offset text. */
  offset: string;
  /** The event as it would have been delivered. */
  event: Uint8Array;
  failedCommits: number;
}

export class DeadLetterQueue {
  readonly #parts: DeadLetterQueueParts;

  constructor(parts: DeadLetterQueueParts) {
    this.#parts = parts;
  }

  /** Resolves once the event is stored. */
  async addDeadLetter(letter: DeadLetter): Promise<void> {
    const context = { flowId: this.#parts.flowId(), access: this.#parts.access };
    const { signal } = new AbortController();
    const outcome = await publish(this.#parts, DEAD_LETTER_QUEUE, this.#eventOf(letter), context, signal);
    if (outcome.status !== 200) throw new Error(`The dead-letter queue refused an event of ${letter.partition}.`);
  }

  #eventOf({ subscription, partition: key, offset, event, failedCommits }: DeadLetter): Uint8Array {
    const { clock, uuid } = this.#parts;
    const { eventType, partition } = splitPartitionKey(key);
    const occurredAt = new Date(clock.wallMs()).toISOString().replace("Z", "000000Z");
    const head = JSON.stringify({
      metadata: { eid: uuid(), occurred_at: occurredAt },
      subscription_id: subscription,
      event_type: eventType,
      partition: String(partition),
      offset,
      error: { message: `Nakadi Auto DLQ: skipped due to failed commits count: ${failedCommits}` },
    });
    return Buffer.concat([Buffer.from(`[${head.slice(0, -1)},"event":`), event, Buffer.from("}]")]);
  }
}
