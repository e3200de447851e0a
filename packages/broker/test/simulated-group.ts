/**
 * Many streams of one subscription over the pure cores: sessions, balancer, fence. A stream sees changes of the group, and
 * commits, only when it is synchronised.
 */
import { expect } from "vitest";
import { judgeCommits } from "nakadi-storage";
import type { Owned, PartitionKey, Progress, Session } from "nakadi-storage";
import { balance, release } from "../src/group/balancer.ts";
import { type SessionOutput, SubscriptionSession } from "../src/streaming/session/subscription-session.ts";
import type { StreamSettings } from "../src/streaming/stream-parameters.ts";
import type { Traced } from "./model-commands.ts";
import { settleSession, textOf } from "./settled-session.ts";

export interface SimulatedStream {
  id: string;
  settings: StreamSettings;
  session: SubscriptionSession;
  /** When the stream saw that another one waits for the partition. */
  leavingSinceMs: Map<PartitionKey, number>;
  /** Its process is killed: it has no output any more. */
  isDead: boolean;
}

export class SimulatedGroup implements Traced {
  readonly isEnded = false;
  readonly trace: string[] = [];
  readonly streams: SimulatedStream[] = [];
  readonly keys: readonly PartitionKey[];
  sessions: readonly Session[] = [];
  topology: readonly Owned[];
  nowMs = 0;
  readonly #lengths: Map<PartitionKey, number>;
  readonly #progress: Map<PartitionKey, Progress>;
  /** The ordinal behind the last event of each partition that any stream was sent. */
  readonly #reached: Map<PartitionKey, number>;
  #joined = 0;

  constructor(partitions: number) {
    this.keys = Array.from({ length: partitions }, (_, partition): PartitionKey => `et:${partition}`);
    const at = { order: 1, number: -1, text: "-1" };
    this.#progress = new Map(this.keys.map((key) => [key, { at, failedCommits: 0, lastDeadLetter: null }]));
    this.#lengths = new Map(this.keys.map((key) => [key, 0]));
    this.#reached = new Map(this.keys.map((key) => [key, 0]));
    this.topology = this.keys.map((partition) => ({ partition, session: null, next: null }));
  }

  /** Whether every event is committed. */
  get isDone(): boolean {
    return this.keys.every((key) => this.#committed(key) === this.#lengthOf(key) - 1);
  }

  key(index: number): PartitionKey {
    return this.keys[index % this.keys.length] ?? "et:0";
  }

  stream(index: number): SimulatedStream | undefined {
    return this.streams[index % Math.max(1, this.streams.length)];
  }

  publish(key: PartitionKey, count: number): void {
    this.#lengths.set(key, this.#lengthOf(key) + count);
  }

  /** Adds a stream that asks for partitions, or for none; without a free slot it is refused. */
  join(settings: StreamSettings, requested: readonly PartitionKey[]): void {
    const taken = new Set(this.sessions.flatMap((session) => session.requested));
    const automatic = this.sessions.filter((session) => session.requested.length === 0).length;
    if (requested.some((key) => taken.has(key))) return;
    if (requested.length === 0 && automatic >= this.keys.length - taken.size) return;
    const id = `s${this.#joined % 7}-${++this.#joined}`;
    this.#rebalance([...this.sessions, { id, node: "n", requested, commitTimeoutMs: settings.commitTimeoutMs }]);
    const session = new SubscriptionSession(settings, { maxBufferBytes: 10_000, nowMs: this.nowMs });
    this.streams.push({ id, settings, session, leavingSinceMs: new Map(), isDead: false });
  }

  /** Kills the process of a stream, and removes its session from the group. */
  kill(stream: SimulatedStream): void {
    stream.isDead = true;
    this.#leave(stream);
  }

  /** A commit of the stream's client, `back` events before the last one that it was sent. */
  commit({ id, session }: SimulatedStream, partition: PartitionKey, back: number): void {
    const next = session.nextToRead(partition);
    const number = Math.min((next ?? 0) - 1, (this.#reached.get(partition) ?? 0) - 1) - back;
    if (next === undefined || number < 0 || !this.sessions.some((one) => one.id === id)) return;
    const owners = new Map(this.topology.map((owned) => [owned.partition, owned.session]));
    const at = { order: 1, number, text: textOf(number) };
    const { moved } = judgeCommits(id, [{ partition, at }], owners, this.#progress);
    for (const [key, progress] of moved) this.#progress.set(key, progress);
  }

  /** The client of each stream commits all that it was sent, but for `stuck`. */
  commitAll(stream: SimulatedStream, stuck?: PartitionKey): void {
    for (const partition of stream.session.partitions) if (partition !== stuck) this.commit(stream, partition, 0);
  }

  /** The stream reads the group and the commits. */
  synchronise(stream: SimulatedStream): void {
    const { id, session, leavingSinceMs, isDead } = stream;
    if (isDead || session.phase === "ended") return;
    const mine = this.topology.filter((owned) => owned.session === id);
    for (const { partition, next } of mine) {
      if (next === null && !session.partitions.has(partition) && session.phase === "streaming") {
        const ordinal = this.#committed(partition);
        session.assign(partition, { at: { ordinal, text: textOf(ordinal) }, textOf }, this.nowMs);
      }
      if (next === null) {
        session.keep(partition);
        leavingSinceMs.delete(partition);
      } else if (session.partitions.has(partition)) {
        session.reassign(partition, this.nowMs);
        if (!leavingSinceMs.has(partition)) leavingSinceMs.set(partition, this.nowMs);
      } else this.topology = release(this.topology, id, partition);
    }
    for (const partition of session.partitions) {
      if (mine.some((owned) => owned.partition === partition)) continue;
      session.unassign(partition, this.nowMs);
      leavingSinceMs.delete(partition);
    }
    const isExpecting = this.topology.some(({ next }) => next === id);
    session.expect(isExpecting, this.nowMs);
    this.readCommits(stream);
    this.run(stream);
  }

  readCommits({ session }: SimulatedStream): void {
    for (const partition of session.partitions) {
      const ordinal = this.#committed(partition);
      session.committed(partition, { ordinal, text: textOf(ordinal) }, this.nowMs);
    }
  }

  /** Carries out all that is due for the stream at this instant. */
  run(stream: SimulatedStream): void {
    if (stream.isDead || stream.session.phase === "ended") return;
    const surroundings = { nowMs: this.nowMs, lengthOf: (key: PartitionKey) => this.#lengthOf(key) };
    settleSession(stream.session, surroundings, (output) => this.#carryOut(stream, output));
  }

  /** Lets time pass; each stream runs when it is due. */
  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const live = this.streams.filter(({ isDead, session }) => !isDead && session.phase !== "ended");
      const nextMs = Math.min(...live.map(({ session }) => session.nextDueMs()));
      if (nextMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const stream of live) if (stream.session.nextDueMs() <= this.nowMs) this.run(stream);
      this.demandHandOvers();
    }
    this.nowMs = untilMs;
    this.demandHandOvers();
  }

  /** No stream keeps a partition that another one waits for longer than its commit timeout. */
  demandHandOvers(): void {
    for (const { session, leavingSinceMs, settings, isDead } of this.streams) {
      if (isDead || session.phase !== "streaming") continue;
      for (const [partition, sinceMs] of leavingSinceMs)
        if (session.partitions.has(partition)) expect(this.nowMs - sinceMs).toBeLessThan(settings.commitTimeoutMs);
    }
  }

  #carryOut(stream: SimulatedStream, output: SessionOutput): void {
    switch (output.kind) {
      case "batch":
        return this.#demandOrder(stream, output.partition, output.events);
      case "release":
        this.trace.push(`${this.nowMs} ms: ${stream.id} releases ${output.partition}`);
        stream.leavingSinceMs.delete(output.partition);
        this.topology = release(this.topology, stream.id, output.partition);
        return;
      case "end":
        this.trace.push(`${this.nowMs} ms: ${stream.id} ends`);
        return this.#leave(stream);
      default:
        expect.unreachable(`no event is hidden or a dead letter: ${output.kind}`);
    }
  }

  /** Only the owner sends; no event is sent before each one in front of it was sent or committed. */
  #demandOrder({ id }: SimulatedStream, partition: PartitionKey, events: readonly { ordinal: number }[]): void {
    if (events.length > 0) this.trace.push(`${this.nowMs} ms: ${id} sends ${events.length} events of ${partition}`);
    const owned = this.topology.find((one) => one.partition === partition);
    for (const { ordinal } of events) {
      const reached = this.#reached.get(partition) ?? 0;
      expect(owned?.session, `the owner of ${partition}`).toBe(id);
      expect(ordinal).toBeLessThanOrEqual(Math.max(reached, this.#committed(partition) + 1));
      this.#reached.set(partition, Math.max(reached, ordinal + 1));
    }
  }

  #committed(key: PartitionKey): number {
    return this.#progress.get(key)?.at.number ?? -1;
  }

  #lengthOf(key: PartitionKey): number {
    return this.#lengths.get(key) ?? 0;
  }

  #leave({ id }: SimulatedStream): void {
    this.#rebalance(this.sessions.filter((session) => session.id !== id));
  }

  #rebalance(sessions: readonly Session[]): void {
    ({ sessions: this.sessions, topology: this.topology } = balance(sessions, this.topology));
  }
}
