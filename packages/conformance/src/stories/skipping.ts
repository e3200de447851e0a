/** Events that a stream passes over (protocol 3.10, 3.12): those meant for others, and those that no consumer can process. */
import assert from "node:assert/strict";
import { events, type Stage } from "../stage.ts";
import type { Story } from "../story.ts";
import type { Line } from "../wire-stream.ts";

const tag = (id: string) => ({ headers: { "X-CONSUMER-TAG": `consumer_subscription_id=${id}` } });

export const SKIPPING: readonly Story[] = [
  {
    name: "skipping/targeted",
    about:
      "Events with a consumer tag come to that subscription alone; others pass over them, and commit them by themselves.",
    protocol: ["3.10"],
    async act(stage) {
      const eventType = await stage.eventType();
      const [chosen, other] = [await stage.subscription(eventType), await stage.subscription(eventType)];
      const path = `/event-types/${eventType}/events`;
      await stage.wire.expect(200, "POST", path, { json: events(2), ...tag(chosen) });
      await stage.publish(eventType, events(1, { from: 3 }));
      await stage.wire.expect(200, "POST", path, { json: events(1, { from: 4 }), ...tag(chosen) });
      const [ofChosen, ofOther] = [await stage.open(chosen), await stage.open(other, { batch_flush_timeout: 1 })];
      assert.deepEqual(
        (await ofChosen.batches(4)).flatMap((batch) => batch.events),
        events(4),
      );
      const [batch] = await ofOther.batches(1);
      assert.deepEqual([batch?.events, batch?.cursor.offset], [events(1, { from: 3 }), "001-0001-000000000000000002"]);
      await stage.committed(other, ofOther.id, [batch?.cursor ?? {}]);
      await stage.eventually(
        () => stage.offsets(other),
        (offsets) => offsets["0"] === "001-0001-000000000000000003",
        "the commit of what is passed over",
      );
    },
  },
  {
    name: "skipping/dead-letter",
    about: "An event that is sent too often without a commit is passed over, first with its batch, then by itself.",
    protocol: ["3.12"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType, deadLetters("SKIP_EVENT"));
      await stage.publish(eventType, events(3));
      const sizes: (number | undefined)[] = [];
      for (let turn = 0; turn < 4; turn += 1) sizes.push((await failing(stage, id, 2))?.events?.length);
      assert.deepEqual(sizes, [2, 2, 1, 1]);
      const stream = await stage.open(id, { batch_flush_timeout: 60 });
      assert.deepEqual((await stream.batches(1))[0]?.events, events(1, { from: 2 }));
    },
  },
  {
    name: "skipping/dead-letter-search",
    about:
      "While a dead letter is looked for events come one by one, each after the commit of the one before; then in batches again.",
    protocol: ["3.12.3"],
    async act(stage) {
      const eventType = await stage.eventType();
      const id = await stage.subscription(eventType, deadLetters("SKIP_EVENT"));
      await stage.publish(eventType, events(6));
      for (let turn = 0; turn < 2; turn += 1) await failing(stage, id, 3);
      const stream = await stage.open(id, { batch_flush_timeout: 60, batch_limit: 3, commit_timeout: 30 });
      const sizes: (number | undefined)[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const [batch] = await stream.batches(1);
        assert.equal(stream.waiting, 0, "a second event came before the commit of the first");
        sizes.push(batch?.events?.length);
        await stage.committed(id, stream.id, [batch?.cursor ?? {}]);
      }
      assert.deepEqual(sizes, [1, 1, 1, 3]);
    },
  },
];

function deadLetters(policy: string): { annotations: Readonly<Record<string, string>> } {
  return {
    annotations: {
      "nakadi.zalando.org/subscription-max-event-send-count": "2",
      "nakadi.zalando.org/subscription-unprocessable-event-policy": policy,
    },
  };
}

/** The first batch of a stream that commits nothing. */
async function failing(stage: Stage, id: string, limit: number): Promise<Line | undefined> {
  const stream = await stage.eventually(
    () =>
      stage
        .open(id, { batch_flush_timeout: 60, batch_limit: limit, max_uncommitted_events: limit, commit_timeout: 1 })
        .catch(() => undefined),
    (opened) => opened !== undefined,
    "a slot",
  );
  const [batch] = (await stream?.batches(1)) ?? [];
  await stream?.end();
  return batch;
}
