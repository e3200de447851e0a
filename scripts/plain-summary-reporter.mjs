// Says in one plain line, the last one, what the whole run came to; CI reads it.
export default class PlainSummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      const states = [...module.children.allTests()].map((test) => test.result().state);
      for (const state of states) if (state in counts) counts[state] += 1;
      // A file that could not be loaded has no tests to fail.
      if (module.state() === "failed" && !states.includes("failed")) counts.failed += 1;
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    const line = `${counts.passed} passed, ${counts.failed} failed${skipped}`;
    // Behind whatever the other reporters still have to say.
    process.once("exit", () => process.stdout.write(`${line}\n`));
  }
}
