/** What a session sends under any commands: its events in order, within its limits, and an end in time. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { command, runCommands } from "../../../test/model-commands.ts";
import { ObservedSession } from "../../../test/observed-session.ts";
import { anyStreamSettings } from "../../../test/stream-settings.ts";

const PARTITIONS = 3;
const INFINITE = fc.constant(Number.POSITIVE_INFINITY);

const settings = anyStreamSettings({
  batchLimit: fc.integer({ min: 1, max: 20 }),
  streamLimit: fc.oneof(INFINITE, fc.integer({ min: 1, max: 60 })),
  flushMs: fc.integer({ min: 500, max: 4_000 }),
  timeoutMs: fc.integer({ min: 2_000, max: 60_000 }),
  keepAliveLimit: fc.oneof(INFINITE, fc.integer({ min: 1, max: 5 })),
  maxUncommitted: fc.integer({ min: 1, max: 40 }),
  commitTimeoutMs: fc.integer({ min: 1_000, max: 10_000 }),
});

const act = (text: string, run: (stream: ObservedSession) => void) =>
  command<ObservedSession>(text, (stream) => {
    run(stream);
    stream.settle();
  });
const partition = fc.nat({ max: PARTITIONS - 1 });
const commands = fc.commands(
  [
    fc.integer({ min: 1, max: 3_000 }).map((ms) => act(`pause(${ms})`, (stream) => (stream.nowMs += ms))),
    fc
      .tuple(partition, fc.integer({ min: 1, max: 30 }))
      .map(([at, count]) => act(`publish(${at}, ${count})`, (stream) => (stream.partition(at).length += count))),
    fc.tuple(partition, fc.nat({ max: 5 })).map(([at, back]) =>
      act(`commit(${at}, ${back} before the last)`, (stream) => {
        const one = stream.partition(at);
        stream.commit(one, Math.max(one.committed, one.sent - back));
      }),
    ),
    partition.map((at) => act(`reassign(${at})`, (s) => s.session.reassign(s.partition(at).key, s.nowMs))),
    partition.map((at) => act(`keep(${at})`, (s) => s.session.keep(s.partition(at).key))),
    fc.boolean().map((is) => act(`writable(${is})`, (stream) => (stream.isWritable = is))),
  ],
  { maxCommands: 60, size: "max" },
);

it("a session sends each partition in order without gaps, never more than allowed, and always ends in time", () => {
  fc.assert(
    fc.property(settings, commands, (given, list) => {
      const stream = new ObservedSession(given, PARTITIONS);
      stream.onBatch = ({ events, offset }, { sent }) => {
        expect(events.map(({ ordinal }) => ordinal)).toEqual(events.map((_, at) => sent + 1 + at));
        expect(offset).toBe(String(sent + events.length));
        expect(events.length).toBeLessThanOrEqual(given.batchLimit);
      };
      stream.onSettled = () => {
        expect(stream.uncommitted).toBeLessThanOrEqual(given.maxUncommitted);
        expect(stream.sentEvents).toBeLessThanOrEqual(given.streamLimit);
      };
      runCommands(stream, list, () => {
        stream.isWritable = true;
        stream.wait(given.timeoutMs + 3 * given.commitTimeoutMs);
        expect(stream.isEnded).toBe(true);
      });
    }),
  );
});
