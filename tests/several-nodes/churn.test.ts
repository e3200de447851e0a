/** Streams that join, leave, stall and die on three nodes, of which one at a time stands still until its lease has ended. */
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { Churn, PARTITIONS, seeded } from "../churn/churn.ts";
import { Cluster } from "./cluster.ts";

const LEASE_MS = 900;
/** Of the churn's time: three seconds of churn and two of quiet. */
const ROUND_MS = 5_000;

it("churn on several nodes loses nothing, reorders nothing and leaves even shares", async () => {
  const clock = new ManualClock();
  const seed = Math.floor(Math.random() * 2 ** 31);
  const limits = { maxPartitions: PARTITIONS, streamPollMs: 50, nodeLeaseMs: LEASE_MS };
  const cluster = await Cluster.start({ nodes: 3, each: "request", seed, clock, limits });
  let stops = 0;
  const pace = {
    async wait(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= 50) {
        clock.advance(Math.min(left, 50));
        const inRound = clock.monotonicMs() % ROUND_MS;
        const node = cluster.nodeAt(Math.floor(clock.monotonicMs() / ROUND_MS));
        if (inRound >= 500 && inRound < 500 + 2 * LEASE_MS) {
          if (!node.isStopped) stops += 1;
          node.stop();
        } else node.goOn();
      }
      // Answers come in while the clock stands still.
      await fetch(`${cluster.url}/health`);
    },
  };
  const figures = await new Churn(cluster.url, pace, seeded(seed), 3).run(15);
  await cluster[Symbol.asyncDispose]();
  expect(figures, `seed ${seed}`).toMatchObject({ faults: [], quietSeconds: 3 });
  expect(figures.joined).toBeGreaterThan(50);
  expect(stops).toBeGreaterThanOrEqual(3);
}, 120_000);
