/** Bugs of the broker that the crash harness must find. */
import type { Plant } from "./plant.ts";

export const CRASH_PLANTS: readonly Plant[] = [
  {
    name: "acknowledge-before-write",
    what: "a publish or a commit is acknowledged when it waits to be written",
    in: "broker",
    file: "broker/dist/storage/lmdb/journal.js",
    find: "this.#waiting.push({ changes, resolve, reject });",
    replace: "this.#waiting.push({ changes, resolve, reject }); resolve();",
  },
  {
    name: "forget-commits",
    what: "a commit is kept in memory and never written",
    in: "broker",
    file: "broker/dist/storage/lmdb/coordination.js",
    find: "await this.#stored.save(subscription, stored, false, moved);",
    replace: "",
  },
];
