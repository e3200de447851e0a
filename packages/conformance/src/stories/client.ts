/** What the stream of nakadi-client promises, over this server (protocol 3, and the client's SPEC.md). */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Batch, type BatchStream, type CommitResult, NakadiError } from "nakadi-client";
import { events, type Stage, type StoryEvent } from "../stage.ts";
import type { Story } from "../story.ts";
import { readAll } from "./reading.ts";

/** What is not committed is delivered again after a few seconds, not after a minute. */
const QUICK = { batchFlushTimeoutSeconds: 1, commitTimeoutSeconds: 3, idleGraceMs: 5_000 };

export const CLIENT: readonly Story[] = [
  {
    name: "client/reads-and-commits",
    about: "Every event is delivered once, in order within its partition, and nothing is left behind.",
    protocol: ["3.10", "3.13"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 4 });
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(200, { keys: 8 }));
      const stream = await stage.stream(id, { ...QUICK, batchLimit: 20, maxUncommittedEvents: 100 });
      const { seen, committedAgain, outOfOrder } = await readAll(stage, stream, 200);
      assert.deepEqual([seen.size, committedAgain, outOfOrder], [200, 0, 0]);
      await stage.owners(id, (all) => all.every(({ unconsumed_events: left }) => left === 0), "a lag of 0");
    },
  },
  {
    name: "client/keep-alives",
    about: "Keep-alives are never delivered.",
    protocol: ["3.3"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      const stream = await stage.stream(id, QUICK);
      const first = stream.nextBatch();
      // Keep-alives of another stream, opened later, say that some of this one have come.
      const pace = await stage.open(await stage.subscription(eventType), { batch_flush_timeout: 1 });
      await pace.keepAlives(3);
      await stage.publish(eventType, events(1));
      const batch = await stage.within(first, "a batch");
      assert.deepEqual(batch?.events, events(1));
    },
  },
  {
    name: "client/own-stream-id",
    about: "A commit goes to the stream that its batch came from, whichever stream object sends it.",
    protocol: ["3.13"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 2 });
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(2, { keys: 2 }));
      const client = stage.client();
      const [a, b] = await Promise.all(
        ["0", "1"].map((partition) =>
          stage.stream(id, { ...QUICK, partitions: [{ event_type: eventType, partition }] }, client),
        ),
      );
      assert.ok(a && b);
      const batches = await stage.within(Promise.all([next(a), next(b)]), "a batch of each stream");
      assert.notEqual(batches[0].streamId, batches[1].streamId);
      const { result, items } = await a.commit(batches);
      assert.deepEqual([result, items.length], ["committed", 2]);
    },
  },
  {
    name: "client/outdated",
    about: "A commit says of each cursor whether it was committed or outdated.",
    protocol: ["3.13"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(3));
      const stream = await stage.stream(id, QUICK);
      const [first, second, third] = [await next(stream), await next(stream), await next(stream)];
      assert.equal((await stream.commit(second)).result, "committed");
      const { result, items } = await stream.commit([first, third]);
      assert.deepEqual([result, items.map((item) => item.result)], ["outdated", ["outdated", "committed"]]);
    },
  },
  {
    name: "client/reconnects",
    about:
      "When the server ends a stream as it should, the next one goes on: nothing is lost, nothing is delivered again, and no error is reported.",
    protocol: ["3.7"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(9));
      const retries: NakadiError[] = [];
      const onRetry = (error: NakadiError): void => void retries.push(error);
      const stream = await stage.stream(id, { ...QUICK, streamLimit: 3, onRetry });
      const { seen, streams, committedAgain } = await readAll(stage, stream, 9);
      assert.deepEqual([seen.size, streams.size, committedAgain, retries], [9, 3, 0, []]);
    },
  },
  {
    name: "client/commit-timeout",
    about:
      "A stream that the server ends because nothing was committed is followed by another, which delivers again; a late commit is a SessionLostError and changes nothing.",
    protocol: ["3.9", "3.13"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(2));
      const stream = await stage.stream(id, { ...QUICK, commitTimeoutSeconds: 1, batchLimit: 2 });
      const first = await next(stream);
      const again = await stage.within(next(stream), "the same batch, of another stream,");
      assert.deepEqual([again.events, again.streamId === first.streamId], [first.events, false]);
      await assert.rejects(stream.commit(first), { code: "SESSION_LOST" });
      const { result } = await committed(stage, stream, again);
      assert.equal(result, "committed");
    },
  },
  {
    name: "client/waits-for-a-slot",
    about: "A stream without a slot waits quietly and takes over as soon as one is free; closing frees one.",
    protocol: ["3.6.4"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      const retries: NakadiError[] = [];
      const first = await stage.stream(id, QUICK);
      const second = stage.client().stream<StoryEvent>(id, {
        ...QUICK,
        retry: { maxDelayMs: 500 },
        onRetry: (error) => void retries.push(error),
      });
      await stage.eventually(
        () => second.state,
        (state) => state === "waiting-for-slot",
        "a stream that waits for a slot",
      );
      await stage.publish(eventType, events(1));
      const batch = await next(first);
      await first.commit(batch);
      await first.close();
      await stage.publish(eventType, events(1, { from: 2 }));
      const taken = await stage.within(next(second), "a batch of the stream that waited");
      assert.deepEqual([taken.events, retries], [events(1, { from: 2 }), []]);
    },
  },
  {
    name: "client/close",
    about: "Closing ends a call that waits for a batch, and each later one, without a batch.",
    protocol: ["3.1"],
    async act(stage) {
      const id = await stage.subscription(await stage.eventType());
      const stream = await stage.stream(id, QUICK);
      const waiting = [stream.nextBatch(), stream.nextBatch()];
      await stream.close();
      assert.deepEqual(await stage.within(Promise.all([...waiting, stream.nextBatch()]), "the end"), [
        undefined,
        undefined,
        undefined,
      ]);
    },
  },
  {
    name: "client/frees-its-slot",
    about:
      "Closing frees the slot, though batches wait that were not taken or committed, when their commit timeout is over.",
    strict: "It is free within a second.",
    protocol: ["3.6.4"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(20));
      const stream = await stage.stream(id, { batchFlushTimeoutSeconds: 1, commitTimeoutSeconds: 5 });
      await stage.within(next(stream), "a batch");
      await stream.close();
      let attempts = 0;
      const attempt = async (): Promise<boolean> => {
        attempts += 1;
        const opened = await stage.open(id, { batch_flush_timeout: 1 }).catch(() => undefined);
        return opened !== undefined;
      };
      await stage.eventually(attempt, Boolean, "a free slot");
      // They are fifty milliseconds apart at least, so this many take a second, on a machine that is never busy.
      if (stage.strict) assert.ok(attempts <= 20, `the slot was free at the ${attempts}th attempt only`);
    },
  },
  {
    name: "client/shares",
    about: "Two streams of one subscription share the work: together they deliver each event once.",
    protocol: ["3.6.2", "3.6.5"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 4 });
      const id = await stage.subscription(eventType);
      const options = { ...QUICK, batchLimit: 5, maxUncommittedEvents: 20 };
      const [a, b] = [await stage.stream(id, options), await stage.stream(id, options)];
      await stage.owners(
        id,
        (all) => all.every(({ state }) => state === "assigned") && new Set(all.map((one) => one.stream_id)).size === 2,
        "two streams with partitions",
      );
      await stage.publish(eventType, events(100, { keys: 8 }));
      const seen: number[] = [];
      const read = async (stream: BatchStream<StoryEvent>): Promise<void> => {
        for await (const batch of stream) {
          await stream.commit(batch);
          seen.push(...batch.events.map(({ n }) => n));
          if (seen.length >= 100) await Promise.all([a.close(), b.close()]);
        }
      };
      await stage.within(Promise.all([read(a), read(b)]), "a hundred events");
      assert.deepEqual(
        seen.toSorted((x, y) => x - y),
        events(100).map(({ n }) => n),
      );
    },
  },
  {
    name: "client/pins",
    about: "What is published between ensure and the first stream is delivered, though it reads from the end.",
    protocol: ["2.9", "3.2"],
    async act(stage) {
      const eventType = await stage.eventType();
      await stage.publish(eventType, events(2));
      const client = stage.client();
      const { id } = await client.subscriptions.ensure({
        owning_application: `conformance-${randomUUID()}`,
        event_types: [eventType],
        read_from: "end",
      });
      stage.deleteLater(id);
      await stage.publish(eventType, events(1, { from: 3 }));
      const stream = await stage.stream(id, QUICK, client);
      assert.deepEqual((await stage.within(next(stream), "a batch")).events, events(1, { from: 3 }));
    },
  },
  {
    name: "client/fatal",
    about: "A subscription that does not exist is an error for every reader, the same one each time.",
    protocol: ["3.1"],
    async act(stage) {
      const stream = stage.client().stream(randomUUID());
      const error = await stage.within(
        stream.nextBatch().catch((reason: unknown) => reason),
        "an error",
      );
      assert.equal((error as NakadiError).code, "NOT_FOUND");
      assert.equal(await stream.nextBatch().catch((reason: unknown) => reason), error);
      assert.equal(stream.state, "failed");
    },
  },
  {
    name: "client/reset",
    about: "A reset is an end like any other: the next stream starts at the new position.",
    protocol: ["2.9", "3.7"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(2));
      const client = stage.client();
      const stream = await stage.stream(id, { ...QUICK, batchLimit: 2 }, client);
      const batch = await next(stream);
      await stream.commit(batch);
      await client.subscriptions.resetCursors(id, [
        { event_type: eventType, partition: batch.cursor.partition, offset: "BEGIN" },
      ]);
      const again = await stage.within(next(stream), "the events once more");
      assert.deepEqual([again.events, again.streamId === batch.streamId], [events(2), false]);
    },
  },
];

async function next(stream: BatchStream<StoryEvent>): Promise<Batch<StoryEvent>> {
  const batch = await stream.nextBatch();
  assert.ok(batch, "the stream is closed");
  return batch;
}

/** A busy machine may be too late: the next stream delivers once more. */
async function committed(
  stage: Stage,
  stream: BatchStream<StoryEvent>,
  batch: Batch<StoryEvent>,
): Promise<CommitResult> {
  try {
    return await stream.commit(batch);
  } catch (error) {
    assert.equal(NakadiError.is(error) && error.code, "SESSION_LOST");
    return stream.commit(await stage.within(next(stream), "the same batch, of another stream,"));
  }
}
