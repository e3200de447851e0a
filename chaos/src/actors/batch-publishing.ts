/** Publishing batch by batch, each when the one before has its verdicts. */
import type { SendingParts } from "./single-sending.ts";

export async function publishBatches(parts: SendingParts, isEnding: () => boolean): Promise<void> {
  const { nakadi, name, eventTypes, options, events: source, random, record } = parts;
  const publishers = eventTypes.map((eventType) => nakadi.publisher(eventType, { ...options, throwOn: "never" }));
  for (let calls = 1; !isEnding(); calls += 1) {
    const publisher = random.pick(publishers);
    const events = source.some();
    const call = `${name} call ${calls}`;
    const { eventType } = publisher;
    await record({ kind: "publishing", call, attempt: 1, eventType, ids: events.map(({ id }) => id) });
    const { verdicts } = await publisher.publish(events);
    await record({
      kind: "published",
      call,
      attempt: 1,
      verdicts: verdicts.map(({ status }) => status),
      twice: verdicts.flatMap(({ mayBeDuplicated }, index) => (mayBeDuplicated ? [index] : [])),
    });
  }
}
