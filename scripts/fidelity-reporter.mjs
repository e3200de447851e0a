// Fails a run in which the test of a rule in docs/fidelity.json is missing or skipped.
import { relative } from "node:path";
import { readFidelity, unproven } from "./fidelity.mjs";
import { root } from "./workspace.mjs";

export default class FidelityReporter {
  #partial = false;

  onInit({ config }) {
    this.#partial = config.testNamePattern !== undefined;
  }

  onTestRunStart(specifications) {
    this.#partial ||= specifications.some(({ testLines = [] }) => testLines.length > 0);
  }

  onTestRunEnd(modules, _errors, reason) {
    if (this.#partial || reason === "interrupted") return;
    const ran = new Map();
    for (const module of modules) {
      const file = relative(root, module.moduleId).replaceAll("\\", "/");
      const tests = [...module.children.allTests()].filter((test) =>
        ["passed", "failed"].includes(test.result().state),
      );
      // A file may be run once for each of several projects.
      ran.set(file, [...(ran.get(file) ?? []), ...tests.map(({ fullName }) => fullName)]);
    }
    const missing = unproven(JSON.parse(readFidelity()), ran);
    if (missing.length === 0) return;
    process.exitCode = 1;
    process.stderr.write(
      `docs/fidelity.json names tests that did not run:\n${missing.map((one) => `  ${one}\n`).join("")}`,
    );
  }
}
