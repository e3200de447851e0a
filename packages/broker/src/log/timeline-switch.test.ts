import { ManualClock } from "nakadi-protocol";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import type { Storage } from "nakadi-storage";
import { Access, allowAll } from "../authorization/authorizer.ts";
import { EventTypes } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { Features } from "../settings/features.ts";
import { switchTimeline, type TimelineSwitchParts } from "./timeline-switch.ts";
import { Writers } from "./writers.ts";

let clock: ManualClock;
let storage: Storage;
let parts: TimelineSwitchParts;

beforeEach(async () => {
  clock = new ManualClock();
  storage = new MemoryEngine({ clock }).node("node");
  let uuids = 0;
  const uuid = (): string => `log-${uuids++}`;
  const features = new Features(storage.metadata);
  const eventTypes = new EventTypes({ ...storage, features, limits: DEFAULT_LIMITS, clock, uuid });
  const writers = new Writers({ eventTypes, metadata: storage.metadata, limits: DEFAULT_LIMITS, clock });
  parts = { eventTypes, writers, log: storage.log, limits: DEFAULT_LIMITS, clock, uuid };
  const schema = { type: "json_schema", schema: "{}" };
  await eventTypes.create({ name: "et", owning_application: "app", category: "undefined", schema });
});

const orders = async (): Promise<number[]> => (await parts.eventTypes.get("et")).timelines.map(({ order }) => order);

/** Appends `count` events to the timeline that `stored` is written to. */
async function append(stored: StoredEventType | undefined, count: number): Promise<void> {
  const records = Array.from({ length: count }, () => ({ value: new Uint8Array(1) }));
  await storage.log.append(stored?.timelines.at(-1)?.log ?? "", new Map([[0, records]]), new AbortController().signal);
}

/** A writer that has begun and goes on when it is told to. */
function slowWriter(write: (stored: StoredEventType | undefined) => Promise<void> = (stored) => append(stored, 2)): {
  begun: Promise<void>;
  finish: () => void;
  done: Promise<void>;
} {
  let begin: () => void = () => undefined;
  let finish: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const allowed = new Promise<void>((resolve) => (finish = resolve));
  const done = parts.writers.write("et", async (stored) => {
    begin();
    await allowed;
    await write(stored);
  });
  return { begun, finish, done };
}

/** What comes of `work`, for which the clock goes on as it does by itself: hints may be lost. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  void Promise.allSettled([work]).then(() => (isDone = true));
  await expect.poll(() => isDone || clock.advance(1_000), { interval: 1 }).toBe(true);
  return work;
}

describe("a timeline's switch", () => {
  it("waits for those who write, and nothing of theirs is cut off", async () => {
    const writer = slowWriter();
    await writer.begun;
    const switched = switchTimeline(parts, "et");
    await expect.poll(async () => (await parts.eventTypes.get("et")).switching).toBeDefined();
    expect(await orders()).toEqual([1]);
    writer.finish();
    await Promise.all([writer.done, switched]);
    const { timelines, switching } = await parts.eventTypes.get("et");
    expect(timelines.map(({ order, lastNumbers }) => [order, lastNumbers])).toEqual([
      [1, [1]],
      [2, null],
    ]);
    expect(switching).toBeUndefined();
  });

  it("leads to a log with all partitions, of those too that came while it waited", async () => {
    const growing = slowWriter(async (stored) => {
      await storage.log.grow(stored?.timelines.at(-1)?.log ?? "", 3);
      await parts.eventTypes.change("et", (now) => ({ ...now, partitions: 3 }));
    });
    await growing.begun;
    const switched = switchTimeline(parts, "et");
    await expect.poll(async () => (await parts.eventTypes.get("et")).switching).toBeDefined();
    growing.finish();
    await Promise.all([growing.done, switched]);
    const { timelines, partitions } = await parts.eventTypes.get("et");
    expect(partitions).toBe(3);
    expect(await storage.log.bounds(timelines.at(-1)?.log ?? "")).toHaveLength(3);
  });

  it("leads to a log with the policy of now, however late that was changed", async () => {
    const writer = slowWriter();
    await writer.begun;
    const retention_time = 20_000_000;
    const create = storage.log.create.bind(storage.log);
    vi.spyOn(storage.log, "create").mockImplementationOnce(async (...log) => {
      await create(...log);
      await parts.eventTypes.change("et", (now) => ({
        ...now,
        eventType: { ...now.eventType, options: { retention_time } },
      }));
    });
    const configured = vi.spyOn(storage.log, "configure");
    const switched = switchTimeline(parts, "et");
    writer.finish();
    await Promise.all([writer.done, switched]);
    const newest = (await parts.eventTypes.get("et")).timelines.at(-1)?.log;
    expect(configured).toHaveBeenCalledWith(newest, { retentionMs: retention_time, compact: false });
  });

  it("is a 404 where the event type is deleted while it waits", async () => {
    const writer = slowWriter(async () => undefined);
    await writer.begun;
    const switched = switchTimeline(parts, "et").catch((error: unknown) => error);
    await expect.poll(async () => (await parts.eventTypes.get("et")).switching).toBeDefined();
    await parts.eventTypes.delete("et", async () => false, new Access(allowAll));
    writer.finish();
    expect(await switched).toMatchObject({ status: 404 });
  });

  it("makes those who come later wait, and then write to the new timeline", async () => {
    const writer = slowWriter();
    await writer.begun;
    const switched = switchTimeline(parts, "et");
    await expect.poll(async () => (await parts.eventTypes.get("et")).switching).toBeDefined();
    const later = parts.writers.write("et", async (stored) => stored?.timelines.length);
    writer.finish();
    await switched;
    expect(await later).toBe(2);
  });

  it("is refused while another one goes on", async () => {
    const writer = slowWriter();
    await writer.begun;
    const first = switchTimeline(parts, "et");
    await expect.poll(async () => (await parts.eventTypes.get("et")).switching).toBeDefined();
    await expect(switchTimeline(parts, "et")).rejects.toMatchObject({ status: 409 });
    writer.finish();
    await Promise.all([writer.done, first]);
    await switchTimeline(parts, "et");
    expect(await orders()).toEqual([1, 2, 3]);
  });

  it("gives up after 40 seconds, and writers go on", async () => {
    const writer = slowWriter();
    await writer.begun;
    const switched = switchTimeline(parts, "et").catch((error: unknown) => error);
    await expect.poll(async () => (await parts.eventTypes.get("et")).switching).toBeDefined();
    const later = parts.writers.write("et", async (stored) => stored?.timelines.length);
    await expect.poll(() => clock.pending).toBeGreaterThan(1);
    clock.advance(40_000);
    expect(await switched).toMatchObject({ status: 503 });
    writer.finish();
    expect(await whileTimePasses(later)).toBe(1);
    expect(await orders()).toEqual([1]);
  });

  it("that ends while a writer looks for it does not cost that writer his last look", async () => {
    const mark = { log: "never-created", untilMs: clock.wallMs() + 40_000 };
    await parts.eventTypes.change("et", (stored) => ({ ...stored, switching: mark }));
    const now = clock.wallMs();
    vi.spyOn(clock, "wallMs").mockImplementationOnce(() => {
      clock.advance(40_000);
      return now;
    });
    expect(await whileTimePasses(parts.writers.write("et", async () => "written"))).toBe("written");
  });

  it("that a crash has ended holds nobody up for longer than that", async () => {
    const mark = { log: "never-created", untilMs: clock.wallMs() + 40_000 };
    await parts.eventTypes.change("et", (stored) => ({ ...stored, switching: mark }));
    const early = parts.writers.write("et", async () => "written");
    await expect.poll(() => clock.pending).toBeGreaterThan(0);
    expect((await parts.eventTypes.get("et")).switching).toBeDefined();
    clock.advance(40_000);
    expect(await early).toBe("written");
    expect((await parts.eventTypes.get("et")).switching).toBeUndefined();
  });

  it("cannot complete once a writer has called it off", async () => {
    const writer = slowWriter();
    await writer.begun;
    const switched = switchTimeline(parts, "et").catch((error: unknown) => error);
    await expect.poll(async () => (await parts.eventTypes.get("et")).switching).toBeDefined();
    // The wall clock runs ahead of this node's own: to everybody else the mark is over.
    clock.jumpWall(40_000);
    await parts.writers.write("et", (stored) => append(stored, 1));
    writer.finish();
    expect(await switched).toMatchObject({ status: 503 });
    expect(await orders()).toEqual([1]);
    await parts.writers.write("et", (stored) => append(stored, 1));
  });

  it("is not done to a compacted event type, nor to one that there is not", async () => {
    await expect(switchTimeline(parts, "nonsense")).rejects.toMatchObject({ status: 404 });
    await parts.eventTypes.change("et", (stored) => {
      return { ...stored, eventType: { ...stored.eventType, cleanup_policy: "compact" } };
    });
    await expect(switchTimeline(parts, "et")).rejects.toMatchObject({ status: 422 });
  });
});
