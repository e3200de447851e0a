/** Every planted bug is tried with one seed after the other until it is found: the judge's own examination. */
import type { Rule } from "../checks/violation.ts";
import { CHAOS_PLANTS } from "../plants/chaos-plants.ts";
import type { Plant } from "../plants/plant.ts";
import { chaosRun } from "./run.ts";
import { schedule } from "./schedule.ts";
import { CAST } from "./stage.ts";

export interface Trial {
  plant: Plant;
  /** Seeds that were tried; the last one found it, if any did. */
  seeds: number;
  /** Rules that it broke, with how often. */
  rules: ReadonlyMap<Rule, number>;
}

const SEEDS = 3;
const EVENTS = 1_000;
const FAULTS = 6;
/** Runs wait most of the time. */
const AT_ONCE = 3;

/** Rules that any crash or hang breaks, so that they name no bug. */
const INCONCLUSIVE: readonly Rule[] = ["died", "stuck", "missing-line"];

/** @param tried called for each plant when it is found, or was tried with all seeds */
export async function tryPlants(seed: number, tried: (trial: Trial) => void): Promise<boolean> {
  let allFound = true;
  const waiting = CHAOS_PLANTS.values();
  const tryOn = async (): Promise<void> => {
    for (const plant of waiting) {
      const trial = await tryPlant(plant, seed);
      tried(trial);
      allFound &&= trial.rules.size > 0;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, tryOn));
  return allFound;
}

async function tryPlant(plant: Plant, seed: number): Promise<Trial> {
  let trial: Trial = { plant, seeds: 0, rules: new Map() };
  while (trial.rules.size === 0 && trial.seeds < SEEDS) {
    trial = { plant, seeds: trial.seeds + 1, rules: await rulesBroken(plant, seed + trial.seeds) };
  }
  return trial;
}

async function rulesBroken(plant: Plant, seed: number): Promise<Map<Rule, number>> {
  const orders = schedule(seed, FAULTS, CAST);
  const { violations } = await chaosRun({ events: EVENTS, orders, goOn: false, seed, plant });
  const rules = new Map<Rule, number>();
  for (const { rule } of violations) {
    if (!INCONCLUSIVE.includes(rule)) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  }
  return rules;
}
