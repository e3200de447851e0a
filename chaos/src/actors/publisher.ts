/** A publisher of a chaos run: the client's, by whole batches or event by event. */
import { NakadiClient, type PublisherOptions } from "nakadi-client";
import { RecorderClient } from "../history/recorder-client.ts";
import { Random } from "../random.ts";
import { assignment, type ChaosEvent, type PublisherAssignment, toldToEnd } from "./assignment.ts";
import { publishBatches } from "./batch-publishing.ts";
import { EventSource } from "./event-source.ts";
import { sendSingly } from "./single-sending.ts";

const { name, url, recorderPort, eventTypes, seed, singly } = assignment<PublisherAssignment>();
const recorder = new RecorderClient(recorderPort, name);
const random = new Random(seed);
const nakadi = new NakadiClient({ baseUrl: url, requestTimeoutMs: 3_000 });
const options: PublisherOptions<ChaosEvent> = { category: "business", retry: { maxElapsedMs: 20_000 } };

let ending = false;
void toldToEnd().then(() => (ending = true));
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
