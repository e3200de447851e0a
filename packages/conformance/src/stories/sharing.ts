/** How streams of one subscription share its partitions (protocol 3.6). */
import assert from "node:assert/strict";
import type { PartitionOwner, Stage } from "../stage.ts";
import { events, type StoryEvent } from "../stage.ts";
import type { Story } from "../story.ts";

export const SHARING: readonly Story[] = [
  {
    name: "sharing/two-streams",
    about: "Two streams share the partitions evenly; when one ends the other takes over, from what was committed.",
    protocol: ["3.6.2", "3.6.5"],
    async act(stage) {
      const { eventType, id } = await four(stage);
      const a = await stage.open(id, { batch_flush_timeout: 1 });
      await stage.owners(id, ownedBy({ [a.id]: 4 }), "four partitions of one stream");
      const b = await stage.open(id, { batch_flush_timeout: 1, stream_limit: 2 });
      await stage.owners(id, ownedBy({ [a.id]: 2, [b.id]: 2 }), "two partitions of each stream");
      await stage.publish(eventType, events(4, { keys: 4 }));
      const [ofA, ofB] = [await a.batches(2), await b.batches(2)];
      await stage.committed(
        id,
        a.id,
        ofA.map(({ cursor }) => cursor),
      );
      await stage.committed(
        id,
        b.id,
        ofB.map(({ cursor }) => cursor),
      );
      assert.deepEqual(
        (await b.end()).map(({ info }) => info?.debug),
        ["Stream limit in events reached: 2"],
      );
      await stage.owners(id, ownedBy({ [a.id]: 4 }), "four partitions of the stream that is left");
      await stage.publish(eventType, events(4, { keys: 4, from: 5 }));
      const partitions = (await a.batches(4)).map(({ cursor }) => cursor.partition);
      assert.deepEqual(partitions.toSorted(), ["0", "1", "2", "3"]);
    },
  },
  {
    name: "sharing/hand-over-waits",
    about:
      "A partition that is taken away still belongs to its stream until everything sent of it is committed: no two streams send it.",
    protocol: ["3.6.5"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 2 });
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(2, { keys: 2 }));
      const a = await stage.open(id, { batch_flush_timeout: 1 });
      const sent = await a.batches(2);
      const b = await stage.open(id, { batch_flush_timeout: 1 });
      const waiting = await stage.owners(
        id,
        (all) => all.some(({ state }) => state === "reassigning"),
        "a hand-over that waits",
      );
      assert.deepEqual(
        waiting.map(({ stream_id: owner }) => owner),
        [a.id, a.id],
      );
      await a.keepAlives(2);
      assert.equal(b.waiting, 0, "the new stream sends what is not its own yet");
      await stage.committed(
        id,
        a.id,
        sent.map(({ cursor }) => cursor),
      );
      await stage.owners(id, ownedBy({ [a.id]: 1, [b.id]: 1 }), "one partition of each stream");
      await stage.publish(eventType, events(2, { keys: 2, from: 3 }));
      const [[ofA], [ofB]] = [await a.batches(1), await b.batches(1)];
      assert.notEqual(ofA?.cursor.partition, ofB?.cursor.partition);
      assert.deepEqual(
        new Set([ofA, ofB].flatMap((batch) => batch?.events as StoryEvent[]).map(({ n }) => n)),
        new Set([3, 4]),
      );
    },
  },
  {
    name: "sharing/hand-over-without-commit",
    about: "What a stream does not commit before it loses the partition is delivered again on the other stream.",
    protocol: ["3.6.5", "3.9", "3.10"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 2 });
      const id = await stage.subscription(eventType);
      const a = await stage.open(id, { batch_flush_timeout: 60, commit_timeout: 3 });
      await stage.publish(eventType, events(2, { keys: 2 }));
      await a.batches(2);
      const b = await stage.open(id, { batch_flush_timeout: 60 });
      const last = await a.end();
      assert.deepEqual(
        last.map(({ info }) => info?.debug),
        ["Commit timeout reached"],
      );
      const again = (await b.batches(2)).flatMap((batch) => batch.events as StoryEvent[]);
      assert.deepEqual(new Set(again.map(({ n }) => n)), new Set([1, 2]));
    },
  },
  {
    name: "sharing/barrier",
    about:
      "A stream that commits, but not what another one waits for, is ended after its commit timeout without a word.",
    protocol: ["3.6.5", "3.8"],
    async act(stage) {
      const eventType = await stage.eventType({ partitions: 2 });
      const id = await stage.subscription(eventType);
      await stage.publish(eventType, events(2, { keys: 2 }));
      const a = await stage.open(id, { batch_flush_timeout: 1, commit_timeout: 3 });
      const sent = await a.batches(2);
      const b = await stage.open(id, { batch_flush_timeout: 1 });
      const owners = await stage.owners(
        id,
        (all) => all.some(({ state }) => state === "reassigning"),
        "a hand-over that waits",
      );
      const taken = owners.find(({ state }) => state === "reassigning")?.partition;
      const kept = sent.find(({ cursor }) => cursor.partition !== taken);
      assert.ok(kept);
      await stage.committed(id, a.id, [kept.cursor]);
      for (let line = await a.lineOrEnd(), n = 3; line; line = await a.lineOrEnd(), n += 1) {
        assert.equal(line.info?.debug ?? "Stream started", "Stream started");
        if (line.events) await stage.commit(id, a.id, [line.cursor]);
        else await stage.publish(eventType, [{ ...(kept.events as StoryEvent[])[0], n }]);
      }
      // What was not committed is delivered again, of either partition.
      let [again] = await b.batches(1);
      while (again?.cursor.partition !== taken) [again] = await b.batches(1);
    },
  },
  {
    name: "sharing/no-free-slots",
    about: "There is room for as many streams as partitions; the next one is refused with 409 until one goes.",
    protocol: ["3.1", "3.6.4"],
    async act(stage) {
      const id = await stage.subscription(await stage.eventType());
      const a = await stage.open(id, { batch_flush_timeout: 1 });
      await stage.wire.expect(409, "GET", `/subscriptions/${id}/events?batch_flush_timeout=1`);
      await stage.wire.expect(409, "POST", `/subscriptions/${id}/events`, { json: {} });
      a.close();
      await stage.eventually(
        () => stage.open(id, { batch_flush_timeout: 1 }).catch(() => undefined),
        (opened) => opened !== undefined,
        "a free slot",
      );
    },
  },
  {
    name: "sharing/chosen-partitions",
    about: "A stream can ask for partitions; no other stream gets them until it ends.",
    protocol: ["3.1", "3.6.3"],
    async act(stage) {
      const { eventType, id } = await four(stage);
      await stage.publish(eventType, events(4, { keys: 4 }));
      const path = `/subscriptions/${id}/events`;
      const chosen = (...partitions: string[]) => ({
        json: {
          batch_flush_timeout: 1,
          partitions: partitions.map((partition) => ({ event_type: eventType, partition })),
        },
      });
      const a = await stage.wire.open("POST", path, chosen("1", "3"));
      assert.deepEqual((await a.batches(2)).map(({ cursor }) => cursor.partition).toSorted(), ["1", "3"]);
      await stage.wire.expect(409, "POST", path, chosen("3", "0"));
      await stage.wire.expect(422, "POST", path, chosen("0", "0"));
      await stage.wire.expect(422, "POST", path, chosen("4"));
      const b = await stage.open(id, { batch_flush_timeout: 1 });
      assert.deepEqual((await b.batches(2)).map(({ cursor }) => cursor.partition).toSorted(), ["0", "2"]);
      const owners = await stage.owners(id, () => true, "statistics");
      assert.deepEqual(
        owners.map(({ partition, stream_id: owner, assignment_type: how }) => [partition, owner, how]),
        [
          ["0", b.id, "auto"],
          ["1", a.id, "direct"],
          ["2", b.id, "auto"],
          ["3", a.id, "direct"],
        ],
      );
    },
  },
  {
    name: "sharing/chosen-go-back",
    about: "Chosen partitions go back to the other streams when the stream that chose them ends.",
    protocol: ["3.6.3"],
    async act(stage) {
      const { eventType, id } = await four(stage);
      const a = await stage.open(id, { batch_flush_timeout: 1 });
      const b = await stage.wire.open("POST", `/subscriptions/${id}/events`, {
        json: { batch_flush_timeout: 1, stream_limit: 1, partitions: [{ event_type: eventType, partition: "2" }] },
      });
      await stage.owners(id, ownedBy({ [a.id]: 3, [b.id]: 1 }), "one partition of the stream that chose it");
      await stage.publish(eventType, events(4, { keys: 4 }));
      const [batch] = await b.batches(1);
      assert.equal(batch?.cursor.partition, "2");
      await stage.committed(id, b.id, [batch?.cursor ?? {}]);
      await b.end();
      await stage.owners(id, ownedBy({ [a.id]: 4 }), "four partitions of the stream that is left");
    },
  },
];

async function four(stage: Stage): Promise<{ eventType: string; id: string }> {
  const eventType = await stage.eventType({ partitions: 4 });
  return { eventType, id: await stage.subscription(eventType) };
}

/** Each stream owns this number of partitions, and no hand-over is under way. */
function ownedBy(expected: Readonly<Record<string, number>>): (owners: readonly PartitionOwner[]) => boolean {
  return (owners) =>
    owners.every(({ state }) => state === "assigned") &&
    Object.entries(expected).every(
      ([id, count]) => owners.filter(({ stream_id: owner }) => owner === id).length === count,
    );
}
