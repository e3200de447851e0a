// Says in one plain line, the last one, what the whole run came to; CI reads it.
export default class PlainSummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // A file that cannot be loaded and a hook that throws fail without any test that fails.
      const suites = [module, ...module.children.allSuites()];
      counts.failed += suites.filter((suite) => suite.errors().length > 0).length;
      // An interrupted run leaves tests that are pending; they are neither passed nor skipped.
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === "pending" ? "failed" : state] += 1;
      }
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    const line = `${counts.passed} passed, ${counts.failed} failed${skipped}`;
    // Behind whatever the other reporters still have to say.
    process.once("exit", () => process.stdout.write(`${line}\n`));
  }
}
