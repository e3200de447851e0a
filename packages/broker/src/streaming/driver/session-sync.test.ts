import { ManualClock } from "nakadi-protocol";
import { expect, it, vi } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import type { CoordinationPort, Storage } from "nakadi-storage";
import { DEFAULT_STREAM_SETTINGS } from "../../../test/stream-settings.ts";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import { Snapshots } from "../../metadata-snapshot.ts";
import { PartitionAxes } from "../reading/partition-axes.ts";
import { PartitionReaders } from "../reading/partition-readers.ts";
import { SessionSync } from "./session-sync.ts";
import { SubscriptionSession } from "../session/subscription-session.ts";

/** A group with one session, "s", that owns all three partitions. */
async function settling(): Promise<{
  storage: Storage;
  sync: (coordination: CoordinationPort) => SessionSync;
  assigned: string[];
}> {
  const clock = new ManualClock();
  const storage = new MemoryEngine({ clock }).node("node");
  await storage.coordination.join("node", 10_000);
  await storage.log.create("log", 3, { retentionMs: null, compact: false });
  const timelines = [{ order: 1, log: "log", createdAt: "", lastNumbers: null }];
  const stored = { eventType: { name: "et" }, partitions: 3, timelines } as unknown as StoredEventType;
  const eventType = async (): Promise<StoredEventType> => stored;
  const sessions = [{ id: "s", node: "node", requested: [], commitTimeoutMs: 60_000 }];
  const keys = ([0, 1, 2] as const).map((partition) => `et:${partition}` as const);
  const topology = keys.map((partition) => ({ partition, session: "s", next: null }));
  const at = { order: 1, number: -1, text: "001-0001--1" };
  const initial = new Map(keys.map((key) => [key, { at, failedCommits: 0, lastDeadLetter: null }]));
  await storage.coordination.change("sub", 0, { sessions, topology, resetUntilMs: null }, initial);

  const session = new SubscriptionSession(DEFAULT_STREAM_SETTINGS, { maxBufferBytes: 1_000, nowMs: 0 });
  const assigned: string[] = [];
  const assign = session.assign.bind(session);
  vi.spyOn(session, "assign").mockImplementation((partition, ...rest) => {
    assigned.push(partition);
    assign(partition, ...rest);
  });
  const failed = (error: unknown): never => expect.unreachable(String(error));
  const sync = (coordination: CoordinationPort): SessionSync =>
    new SessionSync({
      id: "s",
      subscription: "sub",
      eventTypes: ["et"],
      session,
      readers: new PartitionReaders(storage.log, "sub", {
        onRecords: () => {},
        onDataAvailable: () => {},
        onFailure: failed,
      }),
      axes: new PartitionAxes(),
      storage: { ...storage, coordination },
      snapshots: new Snapshots(storage.metadata),
      clock,
      longestResetMs: 61_000,
      eventType,
      deadLetterRules: undefined,
      batchLimit: 1,
      changed: () => {},
      failed,
    });
  return { storage, sync, assigned };
}

/** The port, with a hint while each of its reads is on its way. */
function hinting(coordination: CoordinationPort, hint: () => void): CoordinationPort {
  return new Proxy(coordination, {
    get(target, name: keyof CoordinationPort) {
      const method = target[name].bind(target) as (...args: unknown[]) => unknown;
      if (name !== "group" && name !== "progress") return method;
      return async (...args: unknown[]) => {
        const result = await method(...args);
        hint();
        await new Promise((resolve) => setImmediate(resolve));
        return result;
      };
    },
  });
}

it("a session that is hinted at changes while it settles assigns each partition once", async () => {
  const { storage, sync, assigned } = await settling();
  let hints = 4;
  const hint = (): void => {
    if (hints-- > 0) settled.invalidate("group", "progress");
  };
  const settled = sync(hinting(storage.coordination, hint));
  await settled.settle();
  settled.invalidate("group");
  await expect.poll(() => hints).toBeLessThanOrEqual(0);
  expect(assigned.toSorted()).toEqual(["et:0", "et:1", "et:2"]);
});
