/**
 * Units beside or next to the code; those of the broker a second time, with everything on disk; and stories over several
 * packages and processes.
 */
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests run from the sources: the packages find each other through their export condition.
const conditions = ["nakadi-source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ["default", "./scripts/fidelity-reporter.mjs", "./scripts/plain-summary-reporter.mjs"],
    // Here and not in the projects, so that the seed is printed; `--sequence.seed` repeats an order.
    sequence: { shuffle: true },
    // Half of what stories do is wait for timeouts: one worker more than there are processors, not one less.
    maxWorkers: availableParallelism() + 1,
    // A poll waits for a condition; on a busy machine that may take longer than the default second.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/{src,test}/**/*.test.ts", "chaos/test/**/*.test.ts", "scripts/**/*.test.mjs"],
          provide: { storage: "memory" },
          pool: "threads",
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "directory",
          include: ["packages/broker/test/**/*.test.ts"],
          provide: { storage: "directory" },
          pool: "threads",
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "stories",
          include: ["tests/**/*.test.ts"],
          pool: "forks",
          testTimeout: 60_000,
          // Stories that run at once wait for a server's timeouts most of the time.
          maxConcurrency: 10,
        },
      },
    ],
  },
});
