/** What changes beside open streams (protocol 3.7, 3.11, 6.6): they end, or do not notice. */
import assert from "node:assert/strict";
import { events } from "../stage.ts";
import type { Story } from "../story.ts";

export const CHANGING: readonly Story[] = [
  {
    name: "changing/timelines",
    about: "A stream passes from one timeline to the next without notice; only the offsets show it.",
    protocol: ["3.11", "6.6"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(2));
      const stream = await stage.open(id, { batch_flush_timeout: 1 });
      const before = await stream.batches(2);
      await stage.wire.expect(201, "POST", `/event-types/${eventType}/timelines`, { json: { storage_id: "default" } });
      await stage.publish(eventType, events(1, { from: 3 }));
      const [after] = await stream.batches(1);
      assert.deepEqual(after?.events, events(1, { from: 3 }));
      assert.deepEqual(
        [before[1]?.cursor.offset, after?.cursor.offset],
        ["001-0001-000000000000000001", "001-0002-000000000000000000"],
      );
      await stage.committed(id, stream.id, [after?.cursor ?? {}]);
      assert.deepEqual(await stage.offsets(id), { "0": "001-0002-000000000000000000" });
    },
  },
  {
    name: "changing/more-partitions",
    about: "More partitions end the streams like a reset; the next stream reads the new ones from their beginning.",
    protocol: ["3.2", "3.11"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType, { readFrom: "end" });
      const stream = await stage.open(id, { batch_flush_timeout: 1 });
      await stage.wire.expect(204, "PUT", `/event-types/${eventType}/partition-count`, {
        json: { partition_count: 2 },
      });
      assert.deepEqual(
        (await stream.end()).map(({ info }) => info?.debug),
        ["Resetting subscription cursors"],
      );
      await stage.publish(eventType, events(2, { keys: 2 }));
      const next = await stage.eventually(
        () => stage.open(id, { batch_flush_timeout: 1 }).catch(() => undefined),
        (opened) => opened !== undefined,
        "a stream after the change",
      );
      const batches = (await next?.batches(2)) ?? [];
      assert.deepEqual(batches.map(({ cursor }) => cursor.partition).toSorted(), ["0", "1"]);
    },
  },
  {
    name: "changing/blocked",
    about: "Consumers of a blocked event type are sent away, in the middle of a stream too, and come back afterwards.",
    protocol: ["3.1", "3.7"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      const stream = await stage.open(id, { batch_flush_timeout: 1 });
      await stream.keepAlives(1);
      const path = `/settings/blacklist/CONSUMER_ET/${eventType}`;
      await stage.wire.expect(204, "PUT", path);
      try {
        assert.deepEqual(
          (await stream.end()).map(({ info }) => info?.debug),
          ["Consumption is blocked"],
        );
        await stage.wire.expect(403, "GET", `/subscriptions/${id}/events`);
        await stage.wire.expect(403, "GET", `/subscriptions/${id}/cursors`);
      } finally {
        await stage.wire.expect(204, "DELETE", path);
      }
      await stage.eventually(
        () => stage.open(id, { batch_flush_timeout: 1 }).catch(() => undefined),
        (opened) => opened !== undefined,
        "a stream after the block",
      );
    },
  },
];
