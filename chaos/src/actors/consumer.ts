/** A consumer of a chaos run: `nakadi.consume`, with handlers that are slow, that fail, and that cannot bear some events. */
import { setTimeout as sleep } from "node:timers/promises";
import { NakadiClient, toEventType, UndiciTransport } from "nakadi-client";
import { laneKey } from "nakadi-protocol";
import { isPoisonous } from "../history/line.ts";
import { RecorderClient } from "../history/recorder-client.ts";
import { Random } from "../random.ts";
import { assignment, type ChaosEvent, type ConsumerAssignment, stdinEnded } from "./assignment.ts";
import { RecordingTransport } from "./recording-transport.ts";

const { name, url, recorderPort, subscription, deadLetters, seed } = assignment<ConsumerAssignment>();
const recorder = new RecorderClient(recorderPort, name);
const random = new Random(seed);
const decoder = new TextDecoder();
const idsIn = (events: string): string[] => (JSON.parse(events) as ChaosEvent[]).map(({ id }) => id);

const wire = new UndiciTransport(url, { connectTimeoutMs: 2_000 });
const transport = new RecordingTransport(wire, {
  record: (entry) => recorder.record(entry),
  process: name,
  idsOf: (events) => idsIn(decoder.decode(events)),
  deadLetters: {
    eventType: deadLetters,
    idsOf: (body) => (JSON.parse(body) as { event: ChaosEvent }[]).map(({ event }) => event.id),
  },
});
const nakadi = new NakadiClient({ baseUrl: url, transport, requestTimeoutMs: 3_000 });

let works = 0;
const consumer = nakadi.consume<ChaosEvent>(subscription, {
  async onBatch({ events, streamId: stream }, { lane, cursor }) {
    works += 1;
    const work = `${name} work ${works}`;
    const ids = events.map(({ id }) => id);
    await recorder.record({ kind: "handling", work, stream, lane: laneKey(cursor), ids });
    if (random.chance(0.2)) await sleep(random.between(0, 20));
    if (random.chance(0.02) || ids.some(isPoisonous)) {
      await recorder.record({ kind: "failed", work });
      throw new Error(`cannot handle a batch of ${lane.event_type}`);
    }
    await recorder.record({ kind: "handled", work });
  },
  batchLimit: 100,
  batchFlushTimeoutSeconds: 1,
  maxUncommittedEvents: 1_000,
  commitTimeoutSeconds: 2,
  idleGraceMs: 500,
  retry: { initialDelayMs: 10, maxDelayMs: 500 },
  failure: {
    retry: { attempts: 6, initialDelayMs: 10, maxDelayMs: 500 },
    onExhausted: "dead-letter",
    deadLetter: toEventType(deadLetters),
  },
});

void stdinEnded().then(() => consumer.stop());
try {
  await consumer.done;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
await nakadi.close();
await wire.close();
recorder.end();
process.stdin.destroy();
