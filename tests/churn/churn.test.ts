/** A minute of churn on a manual clock. */
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { testNakadi } from "../support/nakadi.ts";
import { Churn, PARTITIONS, seeded } from "./churn.ts";

it("a minute of churn loses nothing, reorders nothing and leaves even shares", async () => {
  const clock = new ManualClock();
  const { broker } = await testNakadi({ clock, limits: { maxPartitions: PARTITIONS } });
  const pace = {
    async wait(ms: number): Promise<void> {
      clock.advance(ms);
      // Answers come in while the clock stands still.
      await fetch(`${broker.url}/health`);
    },
  };
  const seed = Math.floor(Math.random() * 2 ** 32);
  const figures = await new Churn(broker.url, pace, seeded(seed), 3).run(60);
  expect(figures, `seed ${seed}`).toMatchObject({ faults: [], quietSeconds: 12 });
  expect(figures.joined).toBeGreaterThan(50);
});
