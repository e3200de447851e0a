import { ManualClock } from "nakadi-protocol";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import { type DomainNode, domainNode } from "../../test/domain-node.ts";
import { Access, allowAll } from "../authorization/authorizer.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { BegunWrite } from "./writers.ts";
import { switchTimeline } from "./timeline-switch.ts";

let clock: ManualClock;
let engine: MemoryEngine;
let parts: DomainNode;

beforeEach(async () => {
  clock = new ManualClock();
  engine = new MemoryEngine({ clock });
  parts = await domainNode({ engine, clock });
  const schema = { type: "json_schema", schema: "{}" };
  await parts.eventTypes.create({ name: "et", owning_application: "app", category: "undefined", schema });
});

/** Resolves when the event type is closed. */
async function untilClosed(): Promise<void> {
  await expect.poll(async () => (await parts.closings.look("et")).isClosed).toBe(true);
}

const orders = async (): Promise<number[]> => (await parts.eventTypes.get("et")).timelines.map(({ order }) => order);

/** Appends `count` events to the timeline that `stored` is written to. */
async function append(stored: StoredEventType | undefined, count: number): Promise<void> {
  const records = Array.from({ length: count }, () => ({ value: new Uint8Array(1) }));
  await parts.log.append(stored?.timelines.at(-1)?.log ?? "", new Map([[0, records]]), new AbortController().signal);
}

/** A writer that has begun, and goes on when it is released. */
function slowWriter(
  write: (begun: BegunWrite) => Promise<void> = ({ stored }) => append(stored, 2),
  node: DomainNode = parts,
): {
  begun: Promise<void>;
  finish: () => void;
  done: Promise<void>;
} {
  let begin: () => void = () => undefined;
  let finish: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const allowed = new Promise<void>((resolve) => (finish = resolve));
  const done = node.writers.write("et", async (begunWrite) => {
    begin();
    await allowed;
    await write(begunWrite);
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
  it("waits for the writes that have begun, and cuts none off", async () => {
    const writer = slowWriter();
    await writer.begun;
    const switched = switchTimeline(parts, "et");
    await untilClosed();
    expect(await orders()).toEqual([1]);
    writer.finish();
    await Promise.all([writer.done, switched]);
    const { timelines } = await parts.eventTypes.get("et");
    expect(timelines.map(({ order, lastNumbers }) => [order, lastNumbers])).toEqual([
      [1, [1]],
      [2, null],
    ]);
    expect((await parts.closings.look("et")).isClosed).toBe(false);
  });

  it("leads to a log with all partitions, of those too that came while it waited", async () => {
    const growing = slowWriter(async ({ stored }) => {
      await parts.log.grow(stored?.timelines.at(-1)?.log ?? "", 3);
      await parts.eventTypes.change("et", (now) => ({ ...now, partitions: 3 }));
    });
    await growing.begun;
    const switched = switchTimeline(parts, "et");
    await untilClosed();
    growing.finish();
    await Promise.all([growing.done, switched]);
    const { timelines, partitions } = await parts.eventTypes.get("et");
    expect(partitions).toBe(3);
    expect(await parts.log.bounds(timelines.at(-1)?.log ?? "")).toHaveLength(3);
  });

  it("leads to a log with the policy of now, however late that was changed", async () => {
    const writer = slowWriter();
    await writer.begun;
    const retention_time = 20_000_000;
    const create = parts.log.create.bind(parts.log);
    vi.spyOn(parts.log, "create").mockImplementationOnce(async (...log) => {
      await create(...log);
      await parts.eventTypes.change("et", (now) => ({
        ...now,
        eventType: { ...now.eventType, options: { retention_time } },
      }));
    });
    const configured = vi.spyOn(parts.log, "configure");
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
    await untilClosed();
    await parts.eventTypes.delete("et", async () => false, new Access(allowAll));
    writer.finish();
    expect(await switched).toMatchObject({ status: 404 });
  });

  it("makes later writes wait, and then go to the new timeline", async () => {
    const writer = slowWriter();
    await writer.begun;
    const switched = switchTimeline(parts, "et");
    await untilClosed();
    const later = parts.writers.write("et", async ({ stored }) => stored?.timelines.length);
    writer.finish();
    await switched;
    expect(await later).toBe(2);
  });

  it("is refused while another one goes on", async () => {
    const writer = slowWriter();
    await writer.begun;
    const first = switchTimeline(parts, "et");
    await untilClosed();
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
    await untilClosed();
    const later = parts.writers.write("et", async ({ stored }) => stored?.timelines.length);
    await expect.poll(() => clock.pending).toBeGreaterThan(1);
    clock.advance(40_000);
    expect(await switched).toMatchObject({ status: 503 });
    writer.finish();
    expect(await whileTimePasses(later)).toBe(1);
    expect(await orders()).toEqual([1]);
  });

  it("that ends while a writer looks for it does not cost that writer its last look", async () => {
    await parts.closings.begin("et", parts.membership.stay().name, "next");
    const looked = vi.spyOn(parts.closings, "look").mockImplementationOnce(async () => {
      const at = await parts.snapshots.take();
      await parts.closings.end("et", "next");
      clock.advance(40_000);
      return { at, isClosed: true };
    });
    expect(await whileTimePasses(parts.writers.write("et", async () => "written"))).toBe("written");
    expect(looked).toHaveBeenCalledTimes(2);
  });

  it("of a node that has lost its lease holds no writer up, and cannot complete", async () => {
    const lost = await domainNode({ engine, clock: new ManualClock() });
    const writer = slowWriter(undefined, lost);
    await writer.begun;
    const switched = switchTimeline(lost, "et").catch((error: unknown) => error);
    await untilClosed();
    await whileTimePasses(parts.writers.write("et", ({ stored }) => append(stored, 1)));
    writer.finish();
    await writer.done;
    expect(await switched).toMatchObject({ status: 503 });
    expect(await orders()).toEqual([1]);
    await parts.writers.write("et", ({ stored }) => append(stored, 1));
  });

  it("that a crash has left behind is ended by the start of a node", async () => {
    await parts.closings.begin("et", "a node that is gone", "next");
    await parts.log.create("next", 1, { retentionMs: null, compact: false });
    await parts.closings.endVoid();
    expect(await parts.metadata.list("closing", { limit: 1 })).toEqual([]);
    await expect(parts.log.bounds("next")).rejects.toThrow("There is no log");
  });

  it("is not done to a compacted event type, nor to one that there is not", async () => {
    await expect(switchTimeline(parts, "nonsense")).rejects.toMatchObject({ status: 404 });
    await parts.eventTypes.change("et", (stored) => {
      return { ...stored, eventType: { ...stored.eventType, cleanup_policy: "compact" } };
    });
    await expect(switchTimeline(parts, "et")).rejects.toMatchObject({ status: 422 });
  });
});

describe("a timeline's switch with several nodes", () => {
  it("waits for writers on every node, and nothing of theirs is cut off", async () => {
    const other = await domainNode({ engine, clock });
    const writer = slowWriter(undefined, other);
    await writer.begun;
    let isDone = false;
    const switched = switchTimeline(parts, "et").then(() => (isDone = true));
    await untilClosed();
    const closing = await parts.metadata.get<{ acknowledged: string[] }>("closing", "et");
    const own = parts.membership.stay().name;
    await expect
      .poll(async () => (await parts.metadata.get<{ acknowledged: string[] }>("closing", "et"))?.value.acknowledged)
      .toEqual([own]);
    expect([closing === undefined, isDone, await orders()]).toEqual([false, false, [1]]);
    const later = other.writers.write("et", async ({ stored }) => stored?.timelines.length);
    writer.finish();
    await Promise.all([writer.done, switched]);
    expect((await parts.eventTypes.get("et")).timelines[0]?.lastNumbers).toEqual([1]);
    expect(await whileTimePasses(later)).toBe(2);
  });

  it("waits for a node that stands still until its lease ends; what it had begun it does not append when it goes on", async () => {
    const frozen = new ManualClock();
    const other = await domainNode({ engine, clock: frozen });
    const writer = slowWriter(async ({ stored, stay }) => {
      stay.demandSafe();
      await append(stored, 1);
    }, other);
    const failed = writer.done.catch((error: unknown) => error);
    await writer.begun;
    const switched = switchTimeline(parts, "et");
    await untilClosed();
    await whileTimePasses(switched);
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(DEFAULT_LIMITS.nodeLeaseMs);
    expect(clock.monotonicMs()).toBeLessThan(DEFAULT_LIMITS.timelineSwitchMs);
    frozen.advance(clock.monotonicMs());
    // The node has another lease by now. The write began under the old one.
    await expect.poll(() => other.membership.isSafe).toBe(true);
    writer.finish();
    expect(await failed).toMatchObject({ status: 503 });
    const { timelines } = await parts.eventTypes.get("et");
    expect(timelines.map(({ lastNumbers }) => lastNumbers)).toEqual([[-1], null]);
    expect(await parts.log.bounds(timelines[0]?.log ?? "")).toEqual([{ oldest: 0, next: 0 }]);
  });

  it("is refused on one node while another one is at it, and by a start of a node is left alone", async () => {
    const other = await domainNode({ engine, clock });
    const writer = slowWriter(undefined, other);
    await writer.begun;
    const switched = switchTimeline(parts, "et");
    await untilClosed();
    await expect(switchTimeline(other, "et")).rejects.toMatchObject({ status: 409 });
    await other.closings.endVoid();
    writer.finish();
    await Promise.all([writer.done, switched]);
    expect(await orders()).toEqual([1, 2]);
  });
});
