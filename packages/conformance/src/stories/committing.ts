/** What a commit is answered, row by row, and what becomes of positions (protocol 3.13). */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Cursor, Header, MediaType } from "nakadi-protocol";
import { events, type Stage } from "../stage.ts";
import type { Story } from "../story.ts";
import type { WireStream } from "../wire-stream.ts";

export const COMMITTING: readonly Story[] = [
  {
    name: "committing/moves-on",
    about:
      "A commit that moves on answers 204 without a body, and the position is kept; it need not be the end of a batch.",
    protocol: ["2.8", "3.13"],
    async act(stage) {
      const { id, stream, cursor } = await fourEvents(stage);
      const half = { ...cursor, offset: "1", cursor_token: "any text at all" };
      const { status, text } = await stage.commit(id, stream.id, [half]);
      assert.deepEqual([status, text], [204, ""]);
      assert.match((await stage.offsets(id))[cursor.partition] ?? "", /0*1$/);
      await stage.committed(id, stream.id, [cursor]);
      assert.deepEqual(await stage.offsets(id), { [cursor.partition]: cursor.offset });
    },
  },
  {
    name: "committing/outdated",
    about:
      "A commit that does not move on answers 200 and says so for each cursor, in their order, echoing what was sent.",
    protocol: ["3.13"],
    async act(stage) {
      const { id, stream, cursor } = await fourEvents(stage);
      const [first, second] = [
        { ...cursor, offset: "1" },
        { ...cursor, offset: "2" },
      ];
      await stage.committed(id, stream.id, [second]);
      const answer = await stage.commit(id, stream.id, [first, cursor, second]);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json(), {
        items: [
          { cursor: first, result: "outdated" },
          { cursor, result: "committed" },
          { cursor: second, result: "outdated" },
        ],
      });
      assert.deepEqual(await stage.offsets(id), { [cursor.partition]: cursor.offset });
    },
  },
  {
    name: "committing/keep-alive-cursor",
    about: "The cursor of a keep-alive is that of what was sent last, and commits it.",
    protocol: ["3.3", "3.13"],
    async act(stage) {
      const { id, stream, cursor } = await fourEvents(stage);
      const [keepAlive] = await stream.keepAlives(1);
      await stage.committed(id, stream.id, [keepAlive?.cursor ?? {}]);
      assert.deepEqual(await stage.offsets(id), { [cursor.partition]: cursor.offset });
    },
  },
  {
    name: "committing/refused",
    about: "Foreign and unreadable cursors are refused with 422, what is not JSON with 400; nothing is written then.",
    protocol: ["3.13"],
    async act(stage) {
      const { id, stream, cursor } = await fourEvents(stage);
      const other = await stage.eventType();
      const refused: Partial<Record<keyof Cursor, string>>[] = [
        { partition: "1" },
        { partition: "x" },
        { partition: "" },
        { offset: "" },
        { offset: "soon" },
        { offset: "1.5" },
        { offset: "001-0009-000000000000000000" },
        { event_type: other },
        { event_type: `${other}.none` },
      ];
      for (const wrong of refused) {
        const { status, text } = await stage.commit(id, stream.id, [cursor, { ...cursor, ...wrong }]);
        assert.ok(status === 422, `a commit with ${JSON.stringify(wrong)} was answered ${status}: ${text}`);
      }
      for (const name of ["partition", "offset", "event_type", "cursor_token"] as const) {
        const { [name]: _missing, ...rest } = cursor;
        assert.equal((await stage.commit(id, stream.id, [rest])).status, 422, `a commit without ${name}`);
      }
      assert.equal((await stage.commit(id, stream.id, [])).status, 422, "a commit of nothing");
      const path = `/subscriptions/${id}/cursors`;
      const headers = { [Header.streamId]: stream.id };
      await stage.wire.expect(422, "POST", path, { json: {}, headers });
      await stage.wire.expect(400, "POST", path, { json: [cursor], headers });
      await stage.wire.expect(400, "POST", path, {
        text: "{",
        headers: { ...headers, [Header.contentType]: MediaType.json },
      });
      assert.match((await stage.offsets(id))[cursor.partition] ?? "", /-1$/, "a refused commit has written something");
    },
  },
  {
    name: "committing/stream-id",
    about: "A commit must carry the id of a live stream of the same subscription: none is 400, any other 422.",
    protocol: ["3.13"],
    async act(stage) {
      const [one, other] = [await fourEvents(stage), await fourEvents(stage)];
      const path = `/subscriptions/${one.id}/cursors`;
      await stage.wire.expect(400, "POST", path, { json: { items: [one.cursor] } });
      for (const streamId of ["not-an-id", "", randomUUID(), other.stream.id]) {
        const { status } = await stage.commit(one.id, streamId, [one.cursor]);
        assert.ok(status === 422, `a commit with the stream id "${streamId}" was answered ${status}`);
      }
      await stage.wire.expect(204, "POST", path, {
        json: { items: [one.cursor] },
        headers: { "X-NAKADI-STREAMID": one.stream.id },
      });
    },
  },
  {
    name: "committing/foreign-partition",
    about: "A cursor of a partition that another stream owns is refused, and everything that was sent with it.",
    protocol: ["3.13"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 2 });
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(2, { keys: 2 }));
      const path = `/subscriptions/${id}/events`;
      const streams = await Promise.all(
        ["0", "1"].map((partition) =>
          stage.wire.open("POST", path, {
            json: { batch_flush_timeout: 1, partitions: [{ event_type: eventType, partition }] },
          }),
        ),
      );
      const [a, b] = streams;
      const cursors = (await Promise.all(streams.map((stream) => stream.batches(1)))).map(
        ([batch]) => batch?.cursor ?? {},
      );
      assert.equal((await stage.commit(id, a?.id ?? "", cursors)).status, 422);
      assert.deepEqual(
        Object.values(await stage.offsets(id)).map((offset) => offset.slice(-2)),
        ["-1", "-1"],
      );
      await stage.committed(id, a?.id ?? "", cursors.slice(0, 1));
      await stage.committed(id, b?.id ?? "", cursors.slice(1));
    },
  },
  {
    name: "committing/ahead",
    about: "A commit ahead of what was sent is taken, and the stream skips what lies before it.",
    protocol: ["3.13"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(6));
      const stream = await stage.open(id, { batch_flush_timeout: 1, max_uncommitted_events: 2 });
      const [, second] = await stream.batches(2);
      assert.ok(second);
      await stream.keepAlives(1);
      await stage.committed(id, stream.id, [{ ...second.cursor, offset: "3" }]);
      const rest = await stream.batches(2);
      assert.deepEqual(
        rest.flatMap((batch) => batch.events),
        events(2, { from: 5 }),
      );
    },
  },
  {
    name: "committing/sequence",
    about: "Cursors of one partition count one after the other; one that is behind stops none of the later ones.",
    protocol: ["3.13"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(9));
      const stream = await stage.open(id, { batch_limit: 9, batch_flush_timeout: 1 });
      const [batch] = await stream.batches(1);
      const cursors = [3, 5, 4, 8].map((n) => ({ ...batch?.cursor, offset: `001-0001-00000000000000000${n}` }));
      const { status, json } = await stage.commit(id, stream.id, cursors);
      assert.equal(status, 200);
      const { items } = json() as { items: { result: string }[] };
      assert.deepEqual(
        items.map(({ result }) => result),
        ["committed", "committed", "outdated", "committed"],
      );
      assert.deepEqual(await stage.offsets(id), { "0": "001-0001-000000000000000008" });
    },
  },
  {
    name: "committing/beyond-the-end",
    about: "A commit beyond the end of the log is taken; new streams are refused with 412 until the log has grown.",
    protocol: ["3.1", "3.13"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType);
      const stream = await stage.open(id, { batch_flush_timeout: 1 });
      const cursor = { partition: "0", offset: "3", event_type: eventType, cursor_token: "token" };
      await stage.committed(id, stream.id, [cursor]);
      await stream.end();
      await stage.wire.expect(412, "GET", `/subscriptions/${id}/events`);
      await stage.publish(eventType, events(5));
      const next = await stage.open(id, { batch_flush_timeout: 1 });
      assert.deepEqual((await next.batches(1))[0]?.events, events(1, { from: 5 }));
    },
  },
  {
    name: "committing/unknown-subscription",
    about: "A commit to a subscription that does not exist is 404; nothing to commit is 422 first.",
    protocol: ["3.13"],
    async act(stage) {
      const { cursor } = await fourEvents(stage);
      const unknown = randomUUID();
      assert.equal((await stage.commit(unknown, unknown, [cursor])).status, 404);
      assert.equal((await stage.commit(unknown, unknown, [])).status, 422);
    },
  },
];

/** One partition, four events, sent as one batch. */
async function fourEvents(stage: Stage): Promise<{ id: string; stream: WireStream; cursor: Cursor }> {
  const eventType = await stage.eventType();
  const id = await stage.subscription(eventType);
  await stage.publish(eventType, events(4));
  const stream = await stage.open(id, { batch_flush_timeout: 1, batch_limit: 4 });
  const [batch] = await stream.batches(1);
  assert.ok(batch);
  return { id, stream, cursor: batch.cursor };
}
