/** `npm run churn`: a minute of churn on the machine's clock, on each engine. `CHURN_SECONDS` makes it longer. */
import { afterAll, expect, it } from "vitest";
import { ENGINES, nakadiOn } from "../support/engines.ts";
import { Churn, type Figures, PARTITIONS, seeded } from "./churn.ts";

const SECONDS = Number(process.env["CHURN_SECONDS"] ?? 60);
const told = new Map<string, Figures>();

afterAll(() =>
  console.table(
    Object.fromEntries([...told].map(([name, { faults, ...rest }]) => [name, { ...rest, faults: faults.length }])),
  ),
);

it.each(ENGINES)("churn in %s", async (engine) => {
  const { broker } = await nakadiOn(engine, { limits: { maxPartitions: PARTITIONS } });
  const pace = { wait: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)) };
  const seed = Math.floor(Math.random() * 2 ** 32);
  const figures = await new Churn(broker.url, pace, seeded(seed), 10).run(SECONDS);
  told.set(`${engine}, seed ${seed}`, figures);
  expect(figures.faults).toEqual([]);
});
