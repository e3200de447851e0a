/** Every planted bug is tried with one seed after the other until it is found: the judge's own examination. */
import type { Rule } from "../checks/violation.ts";
import { CHAOS_PLANTS } from "../plants/chaos-plants.ts";
import type { Plant } from "../plants/plant.ts";
import { chaosRun } from "./run.ts";
import { FAULT_KINDS, schedule } from "./schedule.ts";
import { CAST } from "./stage.ts";

export interface Trial {
  plant: Plant;
  /** Seeds that were tried; the last one found it, if any did. */
  seeds: number;
  /** Rules that it broke, with how often. */
  rules: ReadonlyMap<Rule, number>;
}

const SEEDS = 3;
const EVENTS = 3_000;

/** A bug that only makes things end or hang is not found out for what it is. */
const TELLS_NOTHING: readonly Rule[] = ["died", "stuck", "missing-line"];

/** @param tried told of each plant when it is found, or was tried with all seeds */
export async function tryPlants(seed: number, tried: (trial: Trial) => void): Promise<boolean> {
  let allFound = true;
  for (const plant of CHAOS_PLANTS) {
    let trial: Trial = { plant, seeds: 0, rules: new Map() };
    while (trial.rules.size === 0 && trial.seeds < SEEDS) {
      trial = { plant, seeds: trial.seeds + 1, rules: await rulesBroken(plant, seed + trial.seeds) };
    }
    tried(trial);
    allFound &&= trial.rules.size > 0;
  }
  return allFound;
}

async function rulesBroken(plant: Plant, seed: number): Promise<Map<Rule, number>> {
  const orders = schedule(seed, FAULT_KINDS.length, CAST);
  const { violations } = await chaosRun({ events: EVENTS, orders, goOn: false, seed, plant });
  const rules = new Map<Rule, number>();
  for (const { rule } of violations) {
    if (!TELLS_NOTHING.includes(rule)) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  }
  return rules;
}
