/** Bugs of the broker that the crash harness must find. */
import type { Plant } from "./plant.ts";

export const CRASH_PLANTS: readonly Plant[] = [
  {
    name: "acknowledge-before-write",
    what: "a publish or a commit is acknowledged when it waits to be written",
    in: "broker",
    ofStorage: true,
    find: "if (position <= this.#durable) return Promise.resolve();",
    replace: "return Promise.resolve();",
  },
  {
    name: "forget-commits",
    what: "a commit is kept in memory and never written",
    in: "broker",
    ofStorage: true,
    find: "...changes.map(({ table, id, value }) =>",
    replace: `...(changes.every(({ table }) => table === "progress") ? [] : changes).map(({ table, id, value }) =>`,
  },
];
