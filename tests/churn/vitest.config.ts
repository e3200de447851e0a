/** What `npm run churn` runs: minutes of the machine's clock, which `npm test` has no time for. */
import { defineConfig, mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";

const { projects: _projects, ...test } = base.test ?? {};

export default defineConfig(
  mergeConfig(
    { ...base, test },
    { test: { include: ["tests/churn/*.soak.ts"], pool: "forks", testTimeout: 3_600_000 } },
  ),
);
