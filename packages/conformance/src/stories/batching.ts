/** When events are sent, how many of them, and when none are (protocol 3.4, 3.5). */
import assert from "node:assert/strict";
import { events } from "../stage.ts";
import type { Story } from "../story.ts";

export const BATCHING: readonly Story[] = [
  {
    name: "batching/limit",
    about: "Batches hold up to batch_limit events; the rest comes with the flush timeout.",
    protocol: ["3.3", "3.4"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(12));
      const stream = await stage.open(id, { batch_limit: 5, batch_flush_timeout: 1, max_uncommitted_events: 100 });
      const batches = await stream.batches(3);
      assert.deepEqual(
        batches.map((batch) => batch.events?.length),
        [5, 5, 2],
      );
      assert.deepEqual(
        batches.flatMap((batch) => batch.events),
        events(12),
      );
      assert.deepEqual(
        batches.map(({ info }) => info),
        [{ debug: "Stream started" }, undefined, undefined],
      );
    },
  },
  {
    name: "batching/defaults",
    about: "By default a batch has one event, and ten may be uncommitted.",
    protocol: ["3.1", "3.5"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(12));
      const stream = await stage.open(id, { batch_flush_timeout: 1 });
      const batches = await stream.batches(10);
      assert.deepEqual(
        batches.map((batch) => batch.events),
        events(10).map((event) => [event]),
      );
      await stream.keepAlives(2);
      await stage.committed(id, stream.id, [batches[9]?.cursor ?? {}]);
      assert.equal((await stream.batches(2)).length, 2);
    },
  },
  {
    name: "batching/timespan",
    about:
      "A timespan gathers the events of a window of time, whatever batch_limit says; an event of a later window closes the batch.",
    protocol: ["3.4"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      const stream = await stage.open(id, {
        batch_limit: 100,
        batch_timespan: 2,
        batch_flush_timeout: 60,
        max_uncommitted_events: 100,
      });
      await stage.publish(eventType, events(3));
      // Another subscription's keep-alives say that three seconds are over.
      const pace = await stage.open(await stage.subscription(await stage.eventType()), { batch_flush_timeout: 1 });
      await pace.keepAlives(3);
      assert.equal(stream.waiting, 0, "the batch came before its window was over");
      await stage.publish(eventType, events(1, { from: 4 }));
      const [batch] = await stream.batches(1);
      assert.deepEqual(batch?.events, events(3));
    },
  },
  {
    name: "batching/lanes",
    about:
      "A batch belongs to one partition of one event type, which its cursor names; the order within it is that of publishing.",
    protocol: ["3.3", "3.10"],
    async act(stage) {
      const [one, other] = [await stage.eventType({ partitions: 2 }), await stage.eventType()];
      const id = await stage.subscription([one, other]);
      await stage.publish(one, events(8, { keys: 2 }));
      await stage.publish(other, events(3, { from: 100 }));
      const stream = await stage.open(id, { batch_limit: 4, batch_flush_timeout: 1, max_uncommitted_events: 100 });
      const lanes = new Map<string, unknown[]>();
      for (const { cursor, events: some } of await stream.batches(3))
        lanes.set(`${cursor.event_type}/${cursor.partition}`, [...(some ?? [])]);
      assert.deepEqual(lanes.get(`${other}/0`), events(3, { from: 100 }));
      const halves = [lanes.get(`${one}/0`), lanes.get(`${one}/1`)];
      const byKey = ["0", "1"].map((key) => events(8, { keys: 2 }).filter((event) => event.key === key));
      assert.deepEqual(halves, byKey);
    },
  },
  {
    name: "window/pauses",
    about: "A stream pauses when too much is uncommitted, keeps alive, and goes on as far as commits allow.",
    protocol: ["3.5"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(12));
      const stream = await stage.open(id, { batch_limit: 2, batch_flush_timeout: 1, max_uncommitted_events: 5 });
      const sent = await stream.batches(3);
      assert.deepEqual(
        sent.map((batch) => batch.events?.length),
        [2, 2, 1],
      );
      const paused = await stream.keepAlives(2);
      assert.deepEqual(
        paused.map(({ cursor }) => cursor.offset),
        [sent[2]?.cursor.offset, sent[2]?.cursor.offset],
      );
      await stage.committed(id, stream.id, [sent[0]?.cursor ?? {}]);
      const [more] = await stream.batches(1);
      assert.deepEqual(more?.events, events(2, { from: 6 }));
      await stream.keepAlives(1);
      await stage.committed(id, stream.id, [more?.cursor ?? {}]);
      const rest = await stream.batches(3);
      assert.deepEqual(
        rest.map((batch) => batch.events?.length),
        [2, 2, 1],
      );
    },
  },
  {
    name: "window/over-partitions",
    about: "The window is one for all partitions of a stream.",
    protocol: ["3.5"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 2 });
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(8, { keys: 2 }));
      const stream = await stage.open(id, { batch_flush_timeout: 1, max_uncommitted_events: 3 });
      const batches = await stream.batches(3);
      await stream.keepAlives(4);
      await stage.committed(
        id,
        stream.id,
        batches.map(({ cursor }) => cursor),
      );
      assert.equal((await stream.batches(3)).length, 3);
    },
  },
  {
    name: "keep-alives/each-partition",
    about: "Each partition has keep-alives of its own, one in each flush timeout.",
    protocol: ["3.4"],
    async act(stage) {
      const id = await stage.subscription(await stage.eventType({ partitions: 3 }));
      const stream = await stage.open(id, { batch_flush_timeout: 1 });
      const partitions = (await stream.keepAlives(9)).map(({ cursor }) => cursor.partition);
      for (const round of [0, 3, 6]) assert.deepEqual(partitions.slice(round, round + 3).toSorted(), ["0", "1", "2"]);
    },
  },
];
