/** How a stream begins, and where (protocol 3.1 to 3.3). */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Header, isUuid, MediaType } from "nakadi-protocol";
import { events } from "../stage.ts";
import type { Story } from "../story.ts";

export const OPENING: readonly Story[] = [
  {
    name: "opening/at-once",
    about:
      "The head comes before any line; on an idle log each line is a keep-alive, and the first one says that the stream has started.",
    protocol: ["3.1", "3.3", "3.4"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      const stream = await stage.open(id, { batch_flush_timeout: 2 });
      assert.equal(stream.waiting, 0, "the head waited for a line");
      assert.equal(stream.headers[Header.contentType], MediaType.stream);
      assert.ok(isUuid(stream.id), `X-Nakadi-StreamId is not a UUID: ${stream.id}`);
      const [first, ...others] = await stream.keepAlives(3);
      assert.deepEqual(first?.info, { debug: "Stream started" });
      assert.deepEqual(
        others.map(({ info }) => info),
        [undefined, undefined],
      );
      await stage.publish(eventType, events(1));
      const [batch] = await stream.batches(1);
      assert.deepEqual([batch?.events, batch?.info], [events(1), undefined]);
    },
  },
  {
    name: "opening/line-format",
    about: "A line is one JSON object: cursor, then events, then info, with the events as they were published.",
    protocol: ["3.3"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      const odd = { key: "0", text: 'a "quoted" \\ line\nfeed ü 🌍', number: 1e21, nested: { list: [[], {}, null] } };
      await stage.publish(eventType, [odd]);
      const stream = await stage.open(id, { batch_flush_timeout: 1 });
      const [batch] = await stream.batches(1);
      assert.ok(batch);
      assert.deepEqual(batch.events, [odd]);
      assert.deepEqual(Object.keys(batch), ["cursor", "events", "info", "text"]);
      assert.deepEqual(Object.keys(batch.cursor), ["partition", "offset", "event_type", "cursor_token"]);
      assert.equal(batch.cursor.event_type, eventType);
      const [keepAlive] = await stream.keepAlives(1);
      assert.deepEqual(
        keepAlive?.text,
        JSON.stringify({ cursor: keepAlive?.cursor }),
        "a keep-alive is a cursor alone",
      );
      assert.equal(keepAlive?.cursor.offset, batch.cursor.offset, "its cursor is that of what was sent last");
    },
  },
  {
    name: "opening/post-form",
    about: "The POST form takes its parameters from its body alone.",
    protocol: ["3.1"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(4));
      const stream = await stage.wire.open("POST", `/subscriptions/${id}/events?batch_limit=4&stream_limit=1`, {
        json: { batch_limit: 2, batch_flush_timeout: 1, stream_limit: 3 },
      });
      const batches = await stream.batches(2);
      assert.deepEqual(
        batches.map((batch) => batch.events?.length),
        [2, 1],
      );
      await stream.keepAlives(1);
    },
  },
  {
    name: "opening/parameters-refused",
    about:
      "Parameters out of their bounds are refused with 422, what is not a number with 400, before the subscription is looked for.",
    protocol: ["3.1"],
    async act(stage) {
      const path = `/subscriptions/${randomUUID()}/events`;
      const refused = {
        "batch_limit=0": 422,
        "commit_timeout=-1": 422,
        "commit_timeout=61": 422,
        "batch_limit=abc": 400,
        "stream_timeout=1.5": 400,
      };
      for (const [query, status] of Object.entries(refused)) await stage.wire.expect(status, "GET", `${path}?${query}`);
      await stage.wire.expect(422, "POST", path, { json: { batch_limit: 0 } });
      await stage.wire.expect(400, "POST", path, { json: { partitions: "all" } });
      await stage.wire.expect(400, "POST", path, { text: "{", headers: { [Header.contentType]: MediaType.json } });
      await stage.wire.expect(404, "GET", path);
      await stage.wire.expect(404, "POST", path, { json: {} });
    },
  },
  {
    name: "opening/resume",
    about: "The next stream starts after the last commit; what was not committed is delivered again.",
    protocol: ["3.2", "3.10"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(4));
      const first = await stage.open(id, { batch_flush_timeout: 1, commit_timeout: 2 });
      const batches = await first.batches(4);
      await stage.committed(id, first.id, [batches[1]?.cursor ?? {}]);
      await first.end();
      const second = await stage.open(id, { batch_flush_timeout: 1, batch_limit: 5 });
      const [again] = await second.batches(1);
      assert.deepEqual(again?.events, events(4).slice(2));
    },
  },
  {
    name: "opening/from-the-end",
    about: "The end is where the log ends when the first stream opens; a reset of nothing fixes it before.",
    protocol: ["2.9", "3.2"],
    async act(stage) {
      const eventType = await stage.eventType();
      const [late, pinned] = [
        await stage.subscription(eventType, { readFrom: "end" }),
        await stage.subscription(eventType, { readFrom: "end" }),
      ];
      await stage.wire.expect(204, "PATCH", `/subscriptions/${pinned}/cursors`, { json: { items: [] } });
      await stage.publish(eventType, events(2));
      const streams = await Promise.all(
        [late, pinned].map((id) => stage.open(id, { batch_flush_timeout: 1, batch_limit: 5 })),
      );
      await streams[0]?.keepAlives(1);
      await stage.publish(eventType, events(1, { from: 3 }));
      const [fromLate] = (await streams[0]?.batches(1)) ?? [];
      assert.deepEqual(fromLate?.events, events(1, { from: 3 }));
      const [fromPinned] = (await streams[1]?.batches(1)) ?? [];
      assert.deepEqual(fromPinned?.events, events(2));
    },
  },
  {
    name: "opening/from-cursors",
    about: "Reading starts after each initial cursor.",
    protocol: ["2.3", "3.2"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 2 });
      await stage.publish(eventType, events(6, { keys: 2 }));
      const id = await stage.subscription(eventType, {
        readFrom: "cursors",
        initial_cursors: [
          { event_type: eventType, partition: "0", offset: "1" },
          { event_type: eventType, partition: "1", offset: "BEGIN" },
        ],
      });
      const stream = await stage.open(id, { batch_flush_timeout: 1, batch_limit: 3 });
      const batches = await stream.batches(2);
      const counts = Object.fromEntries(batches.map(({ cursor, events: some }) => [cursor.partition, some?.length]));
      assert.deepEqual(counts, { "0": 1, "1": 3 });
    },
  },
];
