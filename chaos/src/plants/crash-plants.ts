/** Bugs of the broker that the crash harness must find. */
import type { Plant } from "./plant.ts";

export const CRASH_PLANTS: readonly Plant[] = [
  {
    name: "acknowledge-before-write",
    what: "a publish or a commit is acknowledged when it waits to be written",
    in: "broker",
    find: "this.#waiting.push({",
    replace: "resolve(); this.#waiting.push({",
  },
  {
    name: "forget-commits",
    what: "a commit is kept in memory and never written",
    in: "broker",
    find: "await this.#stored.save(subscription, stored, false, moved);",
    replace: "",
  },
];
