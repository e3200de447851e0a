/** Why streams end, what they say last, and what a commit is worth then (protocol 3.7 to 3.9, 3.11). */
import assert from "node:assert/strict";
import { events, type Stage } from "../stage.ts";
import type { Story } from "../story.ts";
import type { Line, WireStream } from "../wire-stream.ts";

export const ENDING: readonly Story[] = [
  {
    name: "ending/keep-alive-limit",
    about: "After `stream_keep_alive_limit` keep-alives in a row on every partition the stream ends without a word.",
    protocol: ["3.4", "3.7"],
    async act(stage) {
      const id = await stage.subscription(await stage.eventType({ partitions: 2 }));
      const stream = await stage.open(id, { batch_flush_timeout: 1, stream_keep_alive_limit: 2 });
      await stream.keepAlives(4);
      assert.deepEqual(await stream.end(), []);
    },
  },
  {
    name: "ending/stream-limit",
    about: "No more than stream_limit events are sent, and the stream ends when they are committed.",
    protocol: ["3.4", "3.7"],
    async act(stage) {
      const { id, stream } = await started(stage, 5, { batch_limit: 2, stream_limit: 3, batch_flush_timeout: 1 });
      const batches = await stream.batches(2);
      assert.deepEqual(
        batches.map((batch) => batch.events?.length),
        [2, 1],
      );
      await stream.keepAlives(1);
      await stage.committed(id, stream.id, [cursorOf(batches[0])]);
      await stream.keepAlives(1);
      await stage.committed(id, stream.id, [cursorOf(batches[1])]);
      assert.deepEqual((await stream.end()).map(said), ["Stream limit in events reached: 3"]);
    },
  },
  {
    name: "ending/stream-timeout",
    about:
      "At the stream timeout what is pending is sent, a last line says why, and the stream ends once everything is committed.",
    protocol: ["3.4", "3.7", "3.8"],
    async act(stage) {
      const { id, stream } = await started(stage, 4, {
        batch_limit: 100,
        batch_flush_timeout: 60,
        max_uncommitted_events: 100,
        stream_timeout: 2,
      });
      const [batch] = await stream.batches(1);
      assert.deepEqual(batch?.events, events(4));
      const last = await stream.message();
      assert.deepEqual([said(last), last.cursor.offset], ["Stream timeout reached", batch?.cursor.offset]);
      await stage.committed(id, stream.id, [cursorOf(batch)]);
      assert.deepEqual(await stream.end(), []);
    },
  },
  {
    name: "ending/stream-timeout-idle",
    about: "A stream without anything uncommitted ends right after its timeout line.",
    protocol: ["3.7", "3.8"],
    async act(stage) {
      const { stream } = await started(stage, 0, { batch_flush_timeout: 1, stream_timeout: 2 });
      assert.deepEqual((await stream.end()).map(said), ["Stream timeout reached"]);
    },
  },
  {
    name: "ending/commit-timeout",
    about:
      "When nothing is committed in time the stream says so and ends at once; its id is not valid any more, and the events are delivered again.",
    protocol: ["3.7", "3.9", "3.13"],
    async act(stage) {
      const { id, stream } = await started(stage, 2, { batch_flush_timeout: 30, commit_timeout: 2 });
      const batches = await stream.batches(2);
      assert.equal(said(await stream.message()), "Commit timeout reached");
      assert.deepEqual(await stream.end(), []);
      const { status } = await stage.commit(id, stream.id, [cursorOf(batches[1])]);
      assert.equal(status, 422);
      const next = await stage.open(id, { batch_flush_timeout: 1 });
      assert.deepEqual(
        (await next.batches(2)).flatMap((batch) => batch.events),
        events(2),
      );
    },
  },
  {
    name: "ending/commit-timer",
    about: "Each commit that moves on starts the commit timer over; one that is outdated does not.",
    strict: "The line that says so is the end: no commit counts between it and the end of the stream.",
    protocol: ["3.9"],
    async act(stage) {
      const { id, stream } = await started(stage, 3, { batch_flush_timeout: 1, commit_timeout: 3 });
      const [first, second] = await stream.batches(3);
      await stream.keepAlives(2);
      await stage.committed(id, stream.id, [cursorOf(first)]);
      // More than the commit timeout after the first batch, and the stream still lives.
      await stream.keepAlives(2);
      assert.equal((await stage.commit(id, stream.id, [cursorOf(first)])).status, 200, "an outdated commit");
      const last = await stream.message();
      assert.equal(said(last), "Commit timeout reached");
      if (stage.strict) assert.equal((await stage.commit(id, stream.id, [cursorOf(second)])).status, 422);
      assert.deepEqual(await stream.end(), []);
      assert.equal((await stage.commit(id, stream.id, [cursorOf(second)])).status, 422);
    },
  },
  {
    name: "ending/nothing-to-commit",
    about: "A stream that has everything committed lives on without commits.",
    protocol: ["3.9"],
    async act(stage) {
      const { id, stream } = await started(stage, 1, { batch_flush_timeout: 1, commit_timeout: 1 });
      const [batch] = await stream.batches(1);
      await stage.committed(id, stream.id, [cursorOf(batch)]);
      await stream.keepAlives(4);
    },
  },
  {
    name: "ending/commit-after-disconnect",
    about:
      "A commit still counts when its connection is gone, for as long as the commit timeout, or until its partition has another owner.",
    protocol: ["3.8"],
    async act(stage) {
      const { id, eventType, stream } = await started(stage, 3, {
        batch_limit: 3,
        batch_flush_timeout: 1,
        commit_timeout: 30,
      });
      const [batch] = await stream.batches(1);
      stream.close();
      await stage.committed(id, stream.id, [cursorOf(batch)]);
      const next = await stage.eventually(
        () => stage.open(id, { batch_flush_timeout: 1 }).catch(() => undefined),
        (opened) => opened !== undefined,
        "a slot after a disconnect",
      );
      // Not before: until a failed write tells a server of the disconnect, it may send events there.
      await stage.publish(eventType, events(1, { from: 4 }));
      assert.deepEqual((await next?.batches(1))?.[0]?.events, events(1, { from: 4 }));
    },
  },
  {
    name: "ending/idle",
    about: "A stream that has no partition and is to get none ends without a word after twice its commit timeout.",
    protocol: ["3.6.6"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 2 });
      const id = await stage.subscription(eventType);
      const idle = await stage.open(id, { batch_flush_timeout: 60, commit_timeout: 1 });
      const partitions = ["0", "1"].map((partition) => ({ event_type: eventType, partition }));
      await stage.wire.open("POST", `/subscriptions/${id}/events`, { json: { batch_flush_timeout: 60, partitions } });
      assert.deepEqual(await idle.end(), []);
    },
  },
  {
    name: "ending/deleted",
    about: "When its subscription is deleted a stream ends without a word, and there is nothing left to delete.",
    strict: "No stream of it can be opened any more. (A real Nakadi may open one from its cache.)",
    protocol: ["2.7", "3.11"],
    async act(stage) {
      const { id, stream } = await started(stage, 1, { batch_flush_timeout: 1 });
      await stream.batches(1);
      await stage.wire.expect(204, "DELETE", `/subscriptions/${id}`);
      assert.deepEqual(await stream.end(), []);
      await stage.wire.expect(404, "DELETE", `/subscriptions/${id}`);
      if (stage.strict) await assert.rejects(stage.open(id), /answered 404/);
    },
  },
  {
    name: "ending/reset",
    about: "A reset ends the open streams with a last line; the next stream starts at the new position.",
    protocol: ["2.9", "3.7"],
    async act(stage) {
      const { id, eventType, stream } = await started(stage, 4, { batch_flush_timeout: 1, batch_limit: 2 });
      const [first, second] = await stream.batches(2);
      await stage.committed(id, stream.id, [cursorOf(second)]);
      const { partition } = cursorOf(second);
      await stage.wire.expect(204, "PATCH", `/subscriptions/${id}/cursors`, {
        json: { items: [{ event_type: eventType, partition, offset: cursorOf(first).offset }] },
      });
      assert.deepEqual((await stream.end()).map(said), ["Resetting subscription cursors"]);
      assert.deepEqual(await stage.offsets(id), { [partition]: cursorOf(first).offset });
      const next = await stage.open(id, { batch_flush_timeout: 1, batch_limit: 2 });
      assert.deepEqual((await next.batches(1))[0]?.events, events(2, { from: 3 }));
    },
  },
  {
    name: "ending/reset-waits",
    about: "A reset waits for what is uncommitted; until it ends new streams and other resets are refused.",
    protocol: ["2.9", "3.8"],
    async act(stage) {
      const { id, eventType, stream } = await started(stage, 2, { batch_flush_timeout: 1, batch_limit: 2 });
      const [batch] = await stream.batches(1);
      const { partition } = cursorOf(batch);
      const reset = { json: { items: [{ event_type: eventType, partition, offset: "BEGIN" }] } };
      const resetting = stage.wire.expect(204, "PATCH", `/subscriptions/${id}/cursors`, reset);
      assert.equal(said(await stream.message()), "Resetting subscription cursors");
      await stage.wire.expect(409, "GET", `/subscriptions/${id}/events`);
      await stage.wire.expect(409, "PATCH", `/subscriptions/${id}/cursors`, reset);
      await stage.committed(id, stream.id, [cursorOf(batch)]);
      assert.deepEqual(await stream.end(), []);
      await resetting;
      const next = await stage.open(id, { batch_flush_timeout: 1, batch_limit: 2 });
      assert.deepEqual((await next.batches(1))[0]?.events, events(2));
    },
  },
];

/** One partition with events from 1 to `count`, and a stream of a new subscription. */
async function started(
  stage: Stage,
  count: number,
  parameters: Readonly<Record<string, number>>,
): Promise<{ eventType: string; id: string; stream: WireStream }> {
  const eventType = await stage.eventType();
  const id = await stage.subscription(eventType);
  if (count > 0) await stage.publish(eventType, events(count));
  return { eventType, id, stream: await stage.open(id, parameters) };
}

function said(line: Line): string | undefined {
  return line.info?.debug;
}

function cursorOf(line: Line | undefined): Line["cursor"] {
  assert.ok(line, "there is no such line");
  return line.cursor;
}
