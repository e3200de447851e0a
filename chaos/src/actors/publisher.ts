/** A publisher of a chaos run: the client's, by whole batches or event by event. */
import { NakadiClient, type PublisherOptions } from "nakadi-client";
import { RecorderClient } from "../history/recorder-client.ts";
import { Random } from "../random.ts";
import { assignment, type ChaosEvent, type PublisherAssignment, stdinEnded } from "./assignment.ts";
import { EventSource } from "./event-source.ts";
import { type SendingParts, sendSingly } from "./single-sending.ts";

const { name, url, recorderPort, eventTypes, seed, singly } = assignment<PublisherAssignment>();
const recorder = new RecorderClient(recorderPort, name);
const random = new Random(seed);
const nakadi = new NakadiClient({ baseUrl: url, requestTimeoutMs: 3_000 });
const options: PublisherOptions<ChaosEvent> = { category: "business", retry: { maxElapsedMs: 20_000 } };

let ending = false;
void stdinEnded().then(() => (ending = true));
await (singly ? sendSingly : publishBatches)(
  {
    nakadi,
    name,
    eventTypes,
    options,
    random,
    events: new EventSource(name, random),
    record: (entry) => recorder.record(entry),
  },
  () => ending,
);
await nakadi.close();
recorder.end();
process.stdin.destroy();

/** Publishes batch by batch, each when the one before has its verdicts. */
async function publishBatches(parts: SendingParts, isEnding: () => boolean): Promise<void> {
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
