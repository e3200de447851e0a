/** A partition in use is one object for all its users, and what stays in memory without a use is bounded. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { LoadedPartitions } from "./loaded-partitions.ts";
import type { Partition } from "./partition.ts";

const MAX_IDLE = 2;

const anyStep = fc.record({
  kind: fc.constantFrom("take" as const, "release" as const, "release" as const, "share" as const, "wait" as const),
  number: fc.nat(2),
  index: fc.nat(1),
});

it("holds for any users at the same time, also where loading fails", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { minLength: 100, maxLength: 200 }),
      fc.array(fc.boolean()),
      async (steps, failures) => {
        const used: Partition[] = [];
        const dropped = new Set<Partition>();
        let loads = 0;
        const loaded = new LoadedPartitions({
          load: async (number, index) => {
            const fails = failures[loads++];
            await new Promise((resolve) => void setImmediate(resolve));
            if (fails) throw new Error("cannot be loaded");
            return { number, index } as Partition;
          },
          onDrop: (partition) => {
            expect(used).not.toContain(partition);
            dropped.add(partition);
          },
          maxIdle: MAX_IDLE,
        });
        const taking: Promise<void>[] = [];
        const take = async (number: number, index: number): Promise<void> => {
          const partition = await loaded.take(number, index).catch(() => undefined);
          if (!partition) return;
          expect(dropped).not.toContain(partition);
          for (const other of used) if (other.number === number && other.index === index) expect(other).toBe(partition);
          used.push(partition);
        };
        for (const { kind, number, index } of steps) {
          const at = used.findIndex((each) => each.number === number && each.index === index);
          const user = used[at];
          if (kind === "take") taking.push(take(number, index));
          else if (kind === "wait") await Promise.all(taking.splice(0));
          else if (user && kind === "share") {
            loaded.share(user);
            used.push(user);
          } else if (user) {
            used.splice(at, 1);
            loaded.release(user);
          }
        }
        await Promise.all(taking);
        for (const partition of used.splice(0)) loaded.release(partition);
        expect(loaded.count).toBeLessThanOrEqual(MAX_IDLE);
      },
    ),
    { numRuns: 200 },
  );
});
