/** What an engine need not have is skipped where it is left out, and is not passed. */
import { ManualClock, systemClock } from "nakadi-protocol";
import type { TestContext } from "vitest";
import { expect, it, vi } from "vitest";
import { MemoryEngine } from "../memory/engine.ts";
import { withOddHints, withTwoNodes } from "./subject.ts";
import type { OpenEngine, WithTwoNodes } from "./subject.ts";

const ALL = { clock: new ManualClock(), compact: async () => undefined, spareBytes: 1 };

/** What of a test was reported: why it was skipped, or that it ran. */
async function outcome(part: keyof WithTwoNodes, engine: Partial<OpenEngine>): Promise<string> {
  const { clock = systemClock, ...more } = engine;
  const subject = withOddHints({
    name: "memory",
    open: async () => {
      const memory = new MemoryEngine({ clock });
      return { node: (name) => memory.node(name), clock, close: async () => undefined, ...more };
    },
  });
  const skip = vi.fn();
  let ran = false;
  await withTwoNodes(subject)[part](async () => void (ran = true))({ skip } as unknown as TestContext);
  expect(skip).toHaveBeenCalledTimes(ran ? 0 : 1);
  return ran ? "ran" : String(skip.mock.calls[0]?.[0]);
}

it.each([
  ["timed", "clock", /needs an engine with a ManualClock$/],
  ["compacting", "compact", /needs an engine with compact\(\)$/],
  ["timedCompacting", "clock", /needs an engine with a ManualClock and compact\(\)$/],
  ["timedCompacting", "compact", /needs an engine with a ManualClock and compact\(\)$/],
  ["sized", "spareBytes", /needs an engine with spareBytes$/],
] as const)("a %s test runs where everything is there, and is skipped without %s", async (part, member, why) => {
  expect(await outcome(part, ALL)).toBe("ran");
  const { [member]: _, ...others } = ALL;
  expect(await outcome(part, others)).toMatch(why);
});
