/** The writes of a session to the coordination port: one after the other, in the order of the calls. */
import type { CoordinationPort, PartitionKey } from "nakadi-storage";
import type { DeadLetterQueue } from "../../dead-letters/dead-letter-queue.ts";
import type { DeadLetterRules } from "../../dead-letters/dead-letter-annotations.ts";
import { countFailures } from "../../dead-letters/failure-counts.ts";
import { handOverPartition, leaveGroup, markLingering } from "../../group/group-changes.ts";
import type { PartitionAxes } from "../reading/partition-axes.ts";
import type { SessionOutput } from "../session/subscription-session.ts";

export interface SessionWritesParts {
  id: string;
  subscription: string;
  coordination: CoordinationPort;
  axes: PartitionAxes;
  /** `undefined`: the subscription has no dead letters. */
  deadLetterRules: DeadLetterRules | undefined;
  deadLetters: DeadLetterQueue;
  failed: (error: unknown) => void;
}

export class SessionWrites {
  readonly #parts: SessionWritesParts;
  /** The committed ordinal at which a partition was counted as failed. */
  readonly #counted = new Map<PartitionKey, number>();
  #last: Promise<void> = Promise.resolve();

  constructor(parts: SessionWritesParts) {
    this.#parts = parts;
  }

  /** Gives a partition to the session that waits for it. */
  release(partition: PartitionKey): void {
    const { coordination, subscription, id } = this.#parts;
    this.#do(() => handOverPartition(coordination, subscription, id, partition));
  }

  /** Commits on behalf of the client. */
  commit(partition: PartitionKey, ordinal: number): void {
    const { coordination, subscription, id, axes } = this.#parts;
    const at = axes.positionOf(partition, ordinal);
    this.#do(() => coordination.commit(subscription, id, [{ partition, at }]));
  }

  /** The event is committed only after the dead-letter queue has stored it. */
  skip({ partition, offset, event, failedCommits }: Extract<SessionOutput, { kind: "skip" }>): void {
    const { id, subscription, coordination, axes, deadLetterRules, deadLetters } = this.#parts;
    const at = axes.positionOf(partition, event.ordinal);
    this.#do(async () => {
      if (deadLetterRules?.policy === "DEAD_LETTER_QUEUE")
        await deadLetters.addDeadLetter({ subscription, partition, offset, event: event.value, failedCommits });
      await coordination.commit(subscription, id, [{ partition, at }]);
    });
  }

  /**
   * Marks the session as one without a client, whose slot another stream may take. Its uncommitted events count as failed
   * from now on; a later commit resets that count.
   */
  linger(outstanding: ReadonlyMap<PartitionKey, number>): void {
    const { coordination, subscription, id } = this.#parts;
    this.#count(outstanding);
    this.#do(() => markLingering(coordination, subscription, id));
  }

  /** Resolves when the session is gone. */
  async leave(failed: ReadonlyMap<PartitionKey, number>): Promise<void> {
    const { coordination, subscription, id } = this.#parts;
    this.#count(failed);
    this.#do(() => leaveGroup(coordination, subscription, id));
    await this.#last;
  }

  /** Once for each partition, unless it has moved on since. */
  #count(failed: ReadonlyMap<PartitionKey, number>): void {
    const { coordination, subscription, id, axes, deadLetterRules } = this.#parts;
    const fresh = new Map([...failed].filter(([partition, committed]) => this.#counted.get(partition) !== committed));
    if (!deadLetterRules || fresh.size === 0) return;
    for (const [partition, committed] of fresh) this.#counted.set(partition, committed);
    const known = new Map(axes);
    this.#do(() => countFailures(coordination, subscription, id, (partition) => known.get(partition), fresh));
  }

  #do(work: () => Promise<unknown>): void {
    this.#last = this.#last.then(work).then(
      () => undefined,
      (error: unknown) => this.#parts.failed(error),
    );
  }
}
