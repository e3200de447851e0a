/** A publisher of a chaos run: the client's, with events that are sound, poisonous, or nothing that the server would take. */
import { NakadiClient } from "nakadi-client";
import { poisonous } from "../history/line.ts";
import { RecorderClient } from "../history/recorder-client.ts";
import { Random } from "../random.ts";
import { assignment, type ChaosEvent, type PublisherAssignment, toldToEnd } from "./assignment.ts";

const { name, url, recorderPort, eventTypes, seed } = assignment<PublisherAssignment>();
const recorder = new RecorderClient(recorderPort, name);
const random = new Random(seed);
const nakadi = new NakadiClient({ baseUrl: url, requestTimeoutMs: 3_000 });
const publishers = eventTypes.map((eventType) =>
  nakadi.publisher<ChaosEvent>(eventType, { category: "business", throwOn: "never", retry: { maxElapsedMs: 20_000 } }),
);

const MAX_BATCH = 50;
const POISONOUS = 1 / 1_000;
const BAD = 1 / 1_000;
let count = 0;

function nextEvent(): ChaosEvent {
  count += 1;
  const id = `${name}-${count}`;
  const event = { id: random.chance(POISONOUS) ? poisonous(id) : id, key: String(random.between(0, 999)) };
  return random.chance(BAD) ? { ...event, bad: 1 } : event;
}

let ending = false;
void toldToEnd().then(() => (ending = true));
for (let calls = 1; !ending; calls += 1) {
  const publisher = random.pick(publishers);
  const events = Array.from({ length: random.between(1, MAX_BATCH) }, nextEvent);
  const call = `${name} call ${calls}`;
  const { eventType } = publisher;
  await recorder.record({ kind: "publishing", call, attempt: 1, eventType, ids: events.map(({ id }) => id) });
  const { verdicts } = await publisher.publish(events);
  const statuses = verdicts.map(({ status }) => status);
  const [first] = statuses;
  await recorder.record({
    kind: "published",
    call,
    attempt: 1,
    verdicts: first !== undefined && statuses.every((status) => status === first) ? first : statuses,
    twice: verdicts.flatMap(({ mayBeDuplicated }, index) => (mayBeDuplicated ? [index] : [])),
  });
}
await nakadi.close();
recorder.end();
process.stdin.destroy();
