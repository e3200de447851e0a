/**
 * Many streams of one subscription over the pure cores: sessions, balancer, fence. Each stream learns of the group and of
 * commits late, in any order; whatever joins, leaves, dies, commits and passes, the rules of hand-over hold.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeCommits } from "nakadi-storage";
import type { Owned, PartitionKey, Progress, Session } from "nakadi-storage";
import { balance, release } from "../../group/balancer.ts";
import type { StreamSettings } from "../stream-parameters.ts";
import { type SessionOutput, SubscriptionSession } from "./subscription-session.ts";

const textOf = (ordinal: number): string => String(ordinal);

interface Stream {
  id: string;
  settings: StreamSettings;
  session: SubscriptionSession;
  /** Since when it knows that others wait for its partitions. */
  leavingSinceMs: Map<PartitionKey, number>;
  /** Its process is gone: nothing comes out of it any more. */
  dead: boolean;
}

/** What is stored, and everything that holds over all streams together. */
class World {
  readonly #keys: readonly PartitionKey[];
  readonly #lengths: Map<PartitionKey, number>;
  readonly #progress: Map<PartitionKey, Progress>;
  /** Behind the last event of each partition that was sent or passed over. */
  readonly #reached: Map<PartitionKey, number>;
  #sessions: readonly Session[] = [];
  #topology: readonly Owned[];
  readonly streams: Stream[] = [];
  #joined = 0;
  nowMs = 0;

  constructor(partitions: number) {
    this.#keys = Array.from({ length: partitions }, (_, partition): PartitionKey => `et:${partition}`);
    const at = { order: 1, number: -1, text: "-1" };
    this.#progress = new Map(this.#keys.map((key) => [key, { at, failedCommits: 0, lastDeadLetter: null }]));
    this.#lengths = new Map(this.#keys.map((key) => [key, 0]));
    this.#reached = new Map(this.#keys.map((key) => [key, 0]));
    this.#topology = this.#keys.map((partition) => ({ partition, session: null, next: null }));
  }

  get topology(): readonly Owned[] {
    return this.#topology;
  }

  get sessions(): readonly Session[] {
    return this.#sessions;
  }

  key(index: number): PartitionKey {
    return this.#keys[index % this.#keys.length] ?? "et:0";
  }

  stream(index: number): Stream | undefined {
    return this.streams[index % Math.max(1, this.streams.length)];
  }

  publish(key: PartitionKey, count: number): void {
    this.#lengths.set(key, (this.#lengths.get(key) ?? 0) + count);
  }

  committed(key: PartitionKey): number {
    return this.#progress.get(key)?.at.number ?? -1;
  }

  /** As in `join`: sessions that there are partitions for, each asking for some of its own or for none. */
  join(settings: StreamSettings, requested: readonly PartitionKey[]): void {
    const taken = new Set(this.#sessions.flatMap((session) => session.requested));
    const automatic = this.#sessions.filter((session) => session.requested.length === 0).length;
    if (requested.some((key) => taken.has(key))) return;
    if (requested.length === 0 && automatic >= this.#keys.length - taken.size) return;
    const id = `s${String(this.#joined++ % 7)}-${this.#joined}`;
    this.#rebalance([...this.#sessions, { id, node: "n", requested, commitTimeoutMs: settings.commitTimeoutMs }]);
    const session = new SubscriptionSession(settings, { maxBufferBytes: 10_000, nowMs: this.nowMs });
    this.streams.push({ id, settings, session, leavingSinceMs: new Map(), dead: false });
  }

  /** The process of the stream is gone, and the others have noticed. */
  die(stream: Stream): void {
    stream.dead = true;
    this.#leave(stream);
  }

  /** A commit of the stream's client, up to so many events before the last one it was sent. */
  commit({ id, session }: Stream, partition: PartitionKey, back: number): void {
    const next = session.nextToRead(partition);
    const last = Math.min((next ?? 0) - 1, (this.#reached.get(partition) ?? 0) - 1);
    const number = last - back;
    if (next === undefined || number < 0 || !this.#sessions.some((one) => one.id === id)) return;
    const owners = new Map(this.#topology.map((owned) => [owned.partition, owned.session]));
    const at = { order: 1, number, text: textOf(number) };
    const { moved } = judgeCommits(id, [{ partition, at }], owners, this.#progress);
    for (const [key, progress] of moved) this.#progress.set(key, progress);
  }

  /** The stream looks at what is stored. */
  sync(stream: Stream): void {
    const { id, session, leavingSinceMs, dead } = stream;
    if (dead || session.phase === "ended") return;
    const mine = this.#topology.filter((owned) => owned.session === id);
    for (const { partition, next } of mine) {
      if (next === null && !session.partitions.has(partition) && session.phase === "streaming") {
        const ordinal = this.committed(partition);
        session.assign(partition, { at: { ordinal, text: textOf(ordinal) }, textOf }, this.nowMs);
      }
      if (next === null) {
        session.keep(partition);
        leavingSinceMs.delete(partition);
      } else if (session.partitions.has(partition)) {
        session.reassign(partition, this.nowMs);
        if (!leavingSinceMs.has(partition)) leavingSinceMs.set(partition, this.nowMs);
      } else this.#topology = release(this.#topology, id, partition);
    }
    for (const partition of session.partitions) {
      if (mine.some((owned) => owned.partition === partition)) continue;
      session.unassign(partition, this.nowMs);
      leavingSinceMs.delete(partition);
    }
    const expecting = this.#topology.some(({ next }) => next === id);
    session.expect(expecting, this.nowMs);
    this.#takeCommits(stream);
    this.run(stream);
  }

  /** Everything that the stream does by itself at this moment. */
  run(stream: Stream): void {
    const { session, dead } = stream;
    if (dead || session.phase === "ended") return;
    for (;;) {
      for (const output of session.advance(this.nowMs)) this.#carryOut(stream, output);
      const ready = session.wanted().filter(({ partition, from }) => from < (this.#lengths.get(partition) ?? 0));
      if (ready.length === 0) return;
      for (const { partition, from, records } of ready) {
        const count = Math.min(records, (this.#lengths.get(partition) ?? 0) - from);
        const read = Array.from({ length: count }, (_, at) => {
          return { ordinal: from + at, timestampMs: this.nowMs, value: new Uint8Array(8) };
        });
        session.received(partition, from, { records: read, next: from + count });
      }
    }
  }

  /** Events keep coming, and every stream commits what it is sent, but for one partition. `late`: nobody sees who joins. */
  live(stuck: PartitionKey, rounds: number, late: boolean): void {
    for (let round = 0; round < rounds; round += 1) {
      for (const key of this.#keys) this.publish(key, 1);
      for (const stream of this.streams) {
        this.run(stream);
        for (const partition of stream.session.partitions) if (partition !== stuck) this.commit(stream, partition, 0);
        if (late) this.#takeCommits(stream);
        else this.sync(stream);
      }
      this.wait(600);
    }
  }

  #takeCommits({ session }: Stream): void {
    for (const partition of session.partitions) {
      const ordinal = this.committed(partition);
      session.committed(partition, { ordinal, text: textOf(ordinal) }, this.nowMs);
    }
  }

  /** Lets time pass, each stream running when it is due. */
  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const due = this.streams.filter(({ dead, session }) => !dead && session.phase !== "ended");
      const nextMs = Math.min(...due.map(({ session }) => session.nextDueMs()));
      if (nextMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const stream of due) if (stream.session.nextDueMs() <= this.nowMs) this.run(stream);
      this.check();
    }
    this.nowMs = untilMs;
    this.check();
  }

  /** The barrier rule: nobody keeps for longer than its commit timeout what another stream waits for. */
  check(): void {
    for (const { session, leavingSinceMs, settings, dead } of this.streams) {
      if (dead || session.phase !== "streaming") continue;
      for (const [partition, sinceMs] of leavingSinceMs)
        if (session.partitions.has(partition)) expect(this.nowMs - sinceMs).toBeLessThan(settings.commitTimeoutMs);
    }
  }

  #carryOut(stream: Stream, output: SessionOutput): void {
    switch (output.kind) {
      case "batch":
        return this.#sent(stream, output.partition, output.events);
      case "release":
        stream.leavingSinceMs.delete(output.partition);
        this.#topology = release(this.#topology, stream.id, output.partition);
        return;
      case "end":
        return this.#leave(stream);
      default:
        expect.unreachable("nothing is hidden and nothing is searched for");
    }
  }

  /** Only the owner sends; every event is sent or committed before the next one is. */
  #sent({ id }: Stream, partition: PartitionKey, events: readonly { ordinal: number }[]): void {
    const owned = this.#topology.find((one) => one.partition === partition);
    for (const { ordinal } of events) {
      expect(owned?.session, `the owner of ${partition}`).toBe(id);
      expect(ordinal).toBeLessThanOrEqual(Math.max(this.#reached.get(partition) ?? 0, this.committed(partition) + 1));
      this.#reached.set(partition, Math.max(this.#reached.get(partition) ?? 0, ordinal + 1));
    }
  }

  #leave({ id }: Stream): void {
    this.#rebalance(this.#sessions.filter((session) => session.id !== id));
  }

  #rebalance(sessions: readonly Session[]): void {
    ({ sessions: this.#sessions, topology: this.#topology } = balance(sessions, this.#topology));
  }

  /** Whether everything is committed. */
  get done(): boolean {
    return this.#keys.every((key) => this.committed(key) === (this.#lengths.get(key) ?? 0) - 1);
  }
}

const nat = fc.nat({ max: 1_000 });
const settings = fc.record({
  batchLimit: fc.integer({ min: 1, max: 10 }),
  streamLimit: fc.constant(Number.POSITIVE_INFINITY),
  flushMs: fc.integer({ min: 500, max: 4_000 }),
  timespanMs: fc.constant(0),
  timeoutMs: fc.integer({ min: 5_000, max: 200_000 }),
  keepAliveLimit: fc.oneof({ weight: 4, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, fc.constant(3)),
  maxUncommitted: fc.integer({ min: 1, max: 30 }),
  commitTimeoutMs: fc.integer({ min: 1_000, max: 6_000 }),
});
const step = fc.oneof(
  fc.record({ kind: fc.constant("join" as const), settings, requested: fc.array(nat, { maxLength: 2 }) }),
  fc.record({ kind: fc.constant("join" as const), settings, requested: fc.constant<number[]>([]) }),
  fc.record({ kind: fc.constantFrom("gone" as const, "die" as const), stream: nat }),
  fc.record({ kind: fc.constant("publish" as const), key: nat, count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    kind: fc.constant("live" as const),
    stuck: nat,
    rounds: fc.integer({ min: 1, max: 12 }),
    late: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("contest" as const), settings, stuck: nat, rounds: fc.integer({ min: 4, max: 14 }) }),
  fc.record({ kind: fc.constant("commit" as const), stream: nat, key: nat, back: fc.nat({ max: 4 }) }),
  fc.record({ kind: fc.constant("sync" as const), stream: nat }),
  fc.record({ kind: fc.constant("sync all" as const) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function act(world: World, one: Step): void {
  switch (one.kind) {
    case "join": {
      const requested = [...new Set(one.requested.map((index) => world.key(index)))];
      return world.join(one.settings, requested);
    }
    case "gone":
      return world.stream(one.stream)?.session.close(undefined);
    case "die": {
      const stream = world.stream(one.stream);
      return stream && world.die(stream);
    }
    case "publish":
      return world.publish(world.key(one.key), one.count);
    case "commit": {
      const stream = world.stream(one.stream);
      return stream && world.commit(stream, world.key(one.key), one.back);
    }
    case "live":
      return world.live(world.key(one.stuck), one.rounds, one.late);
    case "contest":
      world.live(world.key(one.stuck), 2, false);
      world.join(one.settings, []);
      return world.live(world.key(one.stuck), one.rounds, false);
    case "sync": {
      const stream = world.stream(one.stream);
      return stream && world.sync(stream);
    }
    case "sync all":
      for (const stream of world.streams) world.sync(stream);
      return;
    case "wait":
      return world.wait(one.ms);
  }
}

describe("many streams of one subscription, whatever happens to them", () => {
  it("hand partitions over in time, send each as its owner only, in order, and lose nothing", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(step, { minLength: 10, maxLength: 40 }),
        (partitions, steps) => {
          const world = new World(partitions);
          for (const one of steps) {
            act(world, one);
            world.check();
          }
          // Consumers that behave get everything, and even shares of it.
          const calm: StreamSettings = {
            batchLimit: 5,
            streamLimit: Infinity,
            flushMs: 1_000,
            timespanMs: 0,
            timeoutMs: 10_000_000,
            keepAliveLimit: Infinity,
            maxUncommitted: 50,
            commitTimeoutMs: 5_000,
          };
          for (const stream of world.streams) stream.session.close(undefined);
          for (let index = 0; index < 3; index += 1) world.join(calm, []);
          for (let round = 0; round < 40; round += 1) {
            for (const stream of world.streams) world.sync(stream);
            for (const stream of world.streams)
              for (const partition of stream.session.partitions) world.commit(stream, partition, 0);
            world.wait(1_000);
          }
          for (let index = 0; world.sessions.length < Math.min(3, partitions); index += 1) {
            expect(index).toBeLessThan(3);
            world.join(calm, []);
          }
          for (let round = 0; round < 40; round += 1) {
            for (const stream of world.streams) world.sync(stream);
            for (const stream of world.streams)
              for (const partition of stream.session.partitions) world.commit(stream, partition, 0);
            world.wait(1_000);
          }
          expect(world.done).toBe(true);
          const counts = world.sessions.map(({ id }) => world.topology.filter(({ session }) => session === id).length);
          expect(world.topology.every(({ next }) => next === null)).toBe(true);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 100 },
    );
  });
});
