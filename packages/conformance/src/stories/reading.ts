/** Reads and commits until every event has come, and keeps account of them. */
import assert from "node:assert/strict";
import type { BatchStream } from "nakadi-client";
import type { Stage, StoryEvent } from "../stage.ts";

export interface Account {
  /** Numbers that were delivered. */
  seen: Set<number>;
  /** Ids of the streams that batches came from. */
  streams: Set<string>;
  /** Deliveries of an event after its commit was taken. */
  committedAgain: number;
  /** Events behind a greater number of their partition in the same stream. */
  outOfOrder: number;
}

export async function readAll(stage: Stage, stream: BatchStream<StoryEvent>, count: number): Promise<Account> {
  const committed = new Set<number>();
  const newest = new Map<string, number>();
  const account: Account = { seen: new Set(), streams: new Set(), committedAgain: 0, outOfOrder: 0 };
  while (account.seen.size < count) {
    const batch = await stage.within(stream.nextBatch(), `batch after ${account.seen.size} of ${count} events`);
    assert.ok(batch, "the stream is closed");
    account.streams.add(batch.streamId);
    const lane = `${batch.streamId}/${batch.cursor.partition}`;
    for (const { n } of batch.events) {
      if (committed.has(n)) account.committedAgain += 1;
      if (n <= (newest.get(lane) ?? 0)) account.outOfOrder += 1;
      newest.set(lane, n);
      account.seen.add(n);
    }
    // A failed commit is ignored: its events are delivered again.
    const taken = await stream.commit(batch).then(
      () => true,
      () => false,
    );
    if (taken) for (const { n } of batch.events) committed.add(n);
  }
  return account;
}
