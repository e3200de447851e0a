import { ManualClock, type Subscription } from "nakadi-protocol";
import { expect, it, vi } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { subscriptionStats } from "./stats.ts";

it.each<[what: string, read: () => Promise<never>]>([
  ["is not known within 30 seconds", () => new Promise(() => undefined)],
  ["cannot be read", () => Promise.reject(new Error("The disk is gone."))],
])("a lag that %s is omitted, and all else is reported", async (_what, read) => {
  const clock = new ManualClock();
  const storage = new MemoryEngine({ clock }).node("node");
  await storage.log.create("log", 2, { retentionMs: null, compact: false });
  await storage.log.append("log", new Map([[0, [{ value: new Uint8Array(2) }]]]), new AbortController().signal);
  const timelines = [{ order: 1, log: "log", createdAt: "", lastNumbers: null }];
  const stored = { eventType: { name: "et" }, partitions: 2, timelines } as unknown as StoredEventType;
  const keys = ([0, 1] as const).map((partition) => `et:${partition}` as const);
  const topology = keys.map((partition) => ({ partition, session: null, next: null }));
  const at = { order: 1, number: -1, text: "001-0001--1" };
  const initial = new Map(keys.map((key) => [key, { at, failedCommits: 0, lastDeadLetter: null }]));
  await storage.coordination.change("sub", 0, { sessions: [], topology, resetUntilMs: null }, initial);

  const reading = vi.spyOn(storage.log, "read").mockImplementation(read);
  const subscription = { id: "sub" } as Subscription;
  const stats = subscriptionStats({ ...storage, clock }, subscription, [stored], { timeLag: true });
  await expect.poll(() => reading.mock.calls.length).toBe(1);
  clock.advance(30_000);
  const free = { state: "unassigned", stream_id: "" };
  expect((await stats)[0]?.partitions).toEqual([
    { partition: "0", ...free, unconsumed_events: 1 },
    { partition: "1", ...free, unconsumed_events: 0, consumer_lag_seconds: 0 },
  ]);
  expect(clock.pending).toBe(0);
});
