/** Two kinds of tests: units beside or next to the code, and stories over several packages and processes. */
import { defineConfig } from "vitest/config";

// Tests run from the sources: the packages find each other through their export condition.
const conditions = ["nakadi-source", "node", "import", "default"];
const fromSources = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["nakadi-source"] }, noExternal: [/^nakadi-/] },
};

export default defineConfig({
  test: {
    reporters: ["default", "./scripts/plain-summary-reporter.mjs"],
    projects: [
      {
        ...fromSources,
        test: {
          name: "unit",
          include: ["packages/*/{src,test}/**/*.test.ts", "scripts/**/*.test.mjs"],
          pool: "threads",
          sequence: { shuffle: true },
          testTimeout: 20_000,
          server: { deps: { inline: [/nakadi-/, /packages\//] } },
        },
      },
      {
        ...fromSources,
        test: {
          name: "stories",
          include: ["tests/**/*.test.ts"],
          pool: "forks",
          sequence: { shuffle: true },
          testTimeout: 60_000,
          server: { deps: { inline: [/nakadi-/, /packages\//] } },
        },
      },
    ],
  },
});
