import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import FidelityReporter from "./fidelity-reporter.mjs";
import { faultsOf, readFidelity, unproven } from "./fidelity.mjs";
import { root } from "./workspace.mjs";

const entry = (rest) => ({ section: "4.7", rule: "hash", ...rest });
const written = (...entries) =>
  `[\n${entries
    .map(
      (one) =>
        `  { ${Object.entries(one)
          .map(([key, value]) => `"${key}": ${JSON.stringify(value)}`)
          .join(", ")} }`,
    )
    .join(",\n")}\n]\n`;
const TEST = "packages/broker/src/publishing/partition.test.ts > hash > adds up several fields";

it("docs/fidelity.json is as it should be", () => {
  expect(faultsOf(readFidelity())).toEqual([]);
});

it.each([
  ["a test in a file that there is not", entry({ test: TEST.replace("partition", "nothing") })],
  ["a test without a name", entry({ test: TEST.replace(/ > .*/, "") })],
  ["a test in a file that is not run", entry({ test: "bench/run.mjs > all" })],
  ["neither a test nor a reason", entry({})],
  ["a test and a reason", entry({ test: TEST, differs: "because" })],
  ["something else", entry({ tset: TEST })],
  ["no section", entry({ section: "four", test: TEST })],
  ["no rule", entry({ rule: "", test: TEST })],
])("%s is a fault", (_, bad) => {
  expect(faultsOf(written(entry({ test: TEST })))).toEqual([]);
  expect(faultsOf(written(bad))).not.toEqual([]);
});

it("order counts, each rule is there once, and each has its line", () => {
  const [early, late] = [entry({ section: "4.2", test: TEST }), entry({ section: "4.10", test: TEST })];
  expect(faultsOf(written(early, late))).toEqual([]);
  expect(faultsOf(written(late, early))).toEqual([expect.stringContaining("out of order")]);
  expect(faultsOf(written(early, early))).toEqual([expect.stringContaining("twice")]);
  expect(faultsOf(JSON.stringify([early, late]))).toEqual([expect.stringContaining("a line")]);
});

it("a rule is proven by its test having run, in whichever of the runs of its file", () => {
  const [file, ...names] = TEST.split(" > ");
  const rules = [entry({ test: TEST }), entry({ rule: "other", differs: "because" })];
  const ran = (tests) => unproven(rules, new Map([[file, tests]]));
  expect(ran([names.join(" > ")])).toEqual([]);
  expect(ran([names[1]])).toEqual([expect.stringContaining("adds up several fields did not run")]);
  expect(unproven(rules, new Map())).toEqual([]);
});

it.each([
  ["a whole file without them", { lines: [] }, true],
  ["a whole file in which they are skipped", { lines: [], state: "skipped" }, true],
  ["some lines of a file", { lines: [7] }, false],
  ["tests of one name", { lines: [], pattern: /x/ }, false],
])("a run of %s: the reporter fails it: %j", (_, { lines, pattern, state }, fails) => {
  const { test } = JSON.parse(readFidelity()).find(({ test }) => test !== undefined);
  const [file, ...names] = test.split(" > ");
  const tests = state === undefined ? [] : [{ fullName: names.join(" > "), result: () => ({ state }) }];
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => {
    said.mockRestore();
    process.exitCode = undefined;
  });
  const reporter = new FidelityReporter();
  reporter.onInit({ config: { testNamePattern: pattern } });
  reporter.onTestRunStart([{ testLines: lines }]);
  reporter.onTestRunEnd([{ moduleId: join(root, file), children: { allTests: () => tests } }], [], "passed");
  expect(process.exitCode).toBe(fails ? 1 : undefined);
  expect(said.mock.calls.join().includes(test)).toBe(fails);
});
