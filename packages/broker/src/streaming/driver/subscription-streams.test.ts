import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, vi } from "vitest";
import { MemoryEngine, StorageFailedError } from "nakadi-storage";
import type { PartitionKey, Storage } from "nakadi-storage";
import { SAFE } from "../../../test/domain-node.ts";
import { Snapshots } from "../../metadata-snapshot.ts";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import { DEFAULT_LIMITS } from "../../limits.ts";
import { ProblemError } from "../../problems.ts";
import { subscriptionStreamRequest } from "../stream-parameters.ts";
import type { SubscriptionStream } from "./subscription-stream.ts";
import { type StreamsParts, SubscriptionStreams } from "./subscription-streams.ts";

/** Streams of a subscription of the event type `et` with what is committed of its partitions; no other event type exists. */
async function streamsOf(committed: Readonly<Record<PartitionKey, number>>): Promise<{
  clock: ManualClock;
  storage: Storage;
  streams: SubscriptionStreams;
  open: () => Promise<SubscriptionStream>;
}> {
  const clock = new ManualClock();
  const storage = new MemoryEngine({ clock }).node("node");
  await storage.coordination.join("node", 10_000);
  await storage.log.create("log", 2, { retentionMs: null, compact: false });
  const timelines = [{ order: 1, log: "log", createdAt: "", lastNumbers: null }];
  const stored = { eventType: { name: "et" }, partitions: 2, timelines } as unknown as StoredEventType;
  const initial = new Map(
    Object.entries(committed).map(([key, number]) => [
      key as PartitionKey,
      { at: { order: 1, number, text: "" }, failedCommits: 0, lastDeadLetter: null },
    ]),
  );
  const topology = [...initial.keys()].map((partition) => ({ partition, session: null, next: null }));
  await storage.coordination.change("sub", 0, { sessions: [], topology, resetUntilMs: null }, initial);
  const listener: Disposable = { [Symbol.dispose]: () => undefined };
  const streams = new SubscriptionStreams({
    membership: { stay: () => SAFE },
    snapshots: new Snapshots(storage.metadata),
    storage,
    subscriptions: { get: async () => ({ id: "sub", event_types: ["et"] }), eventTypesOf: async () => [stored] },
    eventTypes: {
      async get(name: string) {
        if (name !== "et") throw new ProblemError(404, `EventType "${name}" does not exist.`);
        return stored;
      },
    },
    gate: { demandStream: async () => undefined, onChange: () => listener },
    access: { demand: async () => undefined },
    reports: { stream: () => undefined },
    limits: DEFAULT_LIMITS,
    clock,
    onError: (error: unknown) => expect.unreachable(String(error)),
  } as unknown as StreamsParts);
  const request = subscriptionStreamRequest({}, DEFAULT_LIMITS, () => 0);
  return { clock, storage, streams, open: () => streams.open("sub", request) };
}

/** The second partition is committed beyond its end: no stream can begin. */
const REFUSING = { "et:0": -1, "et:1": 25 } as const;

it("a stream passes over an event type that was deleted while it was attached for redrive, and no other finds it", async () => {
  const { storage, open } = await streamsOf({ "et:0": -1, "et:1": -1, "gone:0": -1 });
  const stream = await open();
  const { topology } = (await storage.coordination.group("sub"))?.group ?? {};
  expect(topology).toEqual([
    { partition: "et:0", session: stream.id, next: null },
    { partition: "et:1", session: stream.id, next: null },
  ]);
  stream.abandon();
});

it("a mark of a reset that was made before the wall clock was set back keeps no stream from beginning", async () => {
  const { clock, storage, open } = await streamsOf({ "et:0": -1 });
  const { version = 0, sessions = [], topology = [] } = (await storage.coordination.group("sub"))?.group ?? {};
  const resetUntilMs = clock.wallMs() + 60_000;
  await storage.coordination.change("sub", version, { sessions, topology, resetUntilMs });
  await expect(open()).rejects.toMatchObject({ status: 409 });
  clock.jumpWall(-7_200_000);
  const stream = await open();
  expect((await storage.coordination.group("sub"))?.group.sessions).toMatchObject([{ id: stream.id }]);
  stream.abandon();
});

describe("a stream that cannot begin", () => {
  it("leaves nothing that listens to the partitions it had taken up", async () => {
    const { storage, open } = await streamsOf(REFUSING);
    const listeners: Disposable[] = [];
    const gone: Disposable[] = [];
    const listen = storage.log.onAppend.bind(storage.log);
    vi.spyOn(storage.log, "onAppend").mockImplementation((...args) => {
      const listening = listen(...args);
      const listener = {
        [Symbol.dispose]: () => {
          gone.push(listener);
          listening[Symbol.dispose]();
        },
      };
      listeners.push(listener);
      return listener;
    });
    await expect(open()).rejects.toMatchObject({ status: 412 });
    expect(listeners).toHaveLength(1);
    expect(gone).toEqual(listeners);
  });

  it("is not waited for by the broker's stop", async () => {
    const { storage, streams, open } = await streamsOf(REFUSING);
    let refuse = (): void => undefined;
    const reading = vi.spyOn(storage.coordination, "progress").mockImplementation(
      () =>
        new Promise((_resolve, reject) => {
          refuse = () => reject(new StorageFailedError("no disk", false));
        }),
    );
    const opened = open().catch(String);
    await expect.poll(() => reading.mock.calls.length).toBe(1);
    const stopped = streams.stop();
    refuse();
    expect(await opened).toContain("The storage has failed: no disk");
    await stopped;
  });
});
