/** The engines of the broker, for stories that must go the same way on each. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrokerOptions } from "nakadi-broker";
import { onTestFinished } from "vitest";
import { testNakadi, type TestNakadi } from "./nakadi.ts";

export type EngineName = "memory" | "directory";

export const ENGINES: readonly EngineName[] = ["memory", "directory"];

/** A broker on that engine and a client, which end with the test, the data with them. */
export async function nakadiOn(engine: EngineName, options: Omit<BrokerOptions, "storage"> = {}): Promise<TestNakadi> {
  if (engine === "memory") return testNakadi({ ...options, storage: "memory" });
  const directory = await mkdtemp(join(tmpdir(), "nakadi-stories-"));
  // Registered before the broker's own end, so that it runs after it.
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return testNakadi({ ...options, storage: { directory } });
}
