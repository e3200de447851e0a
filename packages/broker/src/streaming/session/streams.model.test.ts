/** The rules of hand-over hold for many streams of one subscription, under any commands (protocol 3.6). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PartitionKey } from "nakadi-storage";
import { command, runCommands } from "../../../test/model-commands.ts";
import { SimulatedGroup } from "../../../test/simulated-group.ts";
import { anyStreamSettings, streamSettings } from "../../../test/stream-settings.ts";

const settings = anyStreamSettings({
  batchLimit: fc.integer({ min: 1, max: 10 }),
  flushMs: fc.integer({ min: 500, max: 4_000 }),
  timeoutMs: fc.integer({ min: 5_000, max: 200_000 }),
  keepAliveLimit: fc.oneof({ weight: 4, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, fc.constant(3)),
  maxUncommitted: fc.integer({ min: 1, max: 30 }),
  commitTimeoutMs: fc.integer({ min: 1_000, max: 6_000 }),
});
const CALM = streamSettings({
  batchLimit: 5,
  flushMs: 1_000,
  timeoutMs: 10_000_000,
  maxUncommitted: 50,
  commitTimeoutMs: 5_000,
});

const act = (text: string, run: (group: SimulatedGroup) => void) =>
  command<SimulatedGroup>(text, (group) => {
    run(group);
    group.demandHandOvers();
  });
const index = fc.nat({ max: 1_000 });
const join = (given: fc.Arbitrary<number[]>) =>
  fc.tuple(settings, given).map(([of, requested]) =>
    act(`join(${JSON.stringify(of)}, [${requested.join()}])`, (group) => {
      group.join(of, [...new Set(requested.map((at) => group.key(at)))]);
    }),
  );
const ofStream = (name: string, run: (group: SimulatedGroup, at: number) => void) =>
  index.map((at) => act(`${name}(stream ${at})`, (group) => run(group, at)));

const commands = fc.commands(
  [
    join(fc.array(index, { maxLength: 2 })),
    join(fc.constant([])),
    ofStream("close", (group, at) => group.stream(at)?.session.close(undefined)),
    ofStream("kill", (group, at) => {
      const stream = group.stream(at);
      if (stream) group.kill(stream);
    }),
    ofStream("synchronise", (group, at) => {
      const stream = group.stream(at);
      if (stream) group.synchronise(stream);
    }),
    fc.constant(
      act("synchronise all", (group) => {
        for (const stream of group.streams) group.synchronise(stream);
      }),
    ),
    fc
      .tuple(index, fc.integer({ min: 1, max: 20 }))
      .map(([at, count]) => act(`publish(${at}, ${count})`, (group) => group.publish(group.key(at), count))),
    fc.tuple(index, index, fc.nat({ max: 4 })).map(([at, key, back]) =>
      act(`commit(stream ${at}, ${key}, ${back} before the last)`, (group) => {
        const stream = group.stream(at);
        if (stream) group.commit(stream, group.key(key), back);
      }),
    ),
    fc
      .tuple(index, fc.integer({ min: 1, max: 12 }), fc.boolean())
      .map(([stuck, rounds, late]) =>
        act(`consume(${rounds} rounds, all but ${stuck}, ${late ? "late" : "synchronised"})`, (group) =>
          consume(group, group.key(stuck), rounds, late),
        ),
      ),
    fc.tuple(settings, index, fc.integer({ min: 4, max: 14 })).map(([of, stuck, rounds]) =>
      act(`join while others consume(${JSON.stringify(of)}, ${rounds} rounds, all but ${stuck})`, (group) => {
        consume(group, group.key(stuck), 2, false);
        group.join(of, []);
        consume(group, group.key(stuck), rounds, false);
      }),
    ),
    fc.integer({ min: 1, max: 3_000 }).map((ms) => act(`wait(${ms})`, (group) => group.wait(ms))),
  ],
  { maxCommands: 40, size: "max" },
);

/** Each round publishes, and every stream commits, but for one partition. `late`: streams read commits, but not the group. */
function consume(group: SimulatedGroup, stuck: PartitionKey, rounds: number, late: boolean): void {
  for (let round = 0; round < rounds; round += 1) {
    for (const key of group.keys) group.publish(key, 1);
    for (const stream of group.streams) {
      group.run(stream);
      group.commitAll(stream, stuck);
      if (late) group.readCommits(stream);
      else group.synchronise(stream);
    }
    group.wait(600);
  }
}

function consumeCalmly(group: SimulatedGroup): void {
  for (let round = 0; round < 40; round += 1) {
    for (const stream of group.streams) group.synchronise(stream);
    for (const stream of group.streams) group.commitAll(stream);
    group.wait(1_000);
  }
}

/** Three streams that commit at once receive every event, and even shares of the partitions. */
function demandCompletion(group: SimulatedGroup): void {
  const wanted = Math.min(3, group.keys.length);
  for (const stream of group.streams) stream.session.close(undefined);
  for (let index = 0; index < 3; index += 1) group.join(CALM, []);
  consumeCalmly(group);
  for (let index = 0; index < 3 && group.sessions.length < wanted; index += 1) group.join(CALM, []);
  expect(group.sessions.length).toBeGreaterThanOrEqual(wanted);
  consumeCalmly(group);
  expect(group.isDone, "every event is committed").toBe(true);
  expect(group.topology.every(({ next }) => next === null)).toBe(true);
  const shares = group.sessions.map(({ id }) => group.topology.filter(({ session }) => session === id).length);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
}

describe("many streams of one subscription, whatever happens to them", () => {
  it("hand partitions over in time, send each as its owner only, in order, and lose nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), commands, (partitions, list) => {
        runCommands(new SimulatedGroup(partitions), list, demandCompletion);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
