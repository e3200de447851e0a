import { ManualClock, type Subscription } from "nakadi-protocol";
import { expect, it, vi } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import { EventTypes } from "../event-types/catalogue.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { Writers } from "../log/writers.ts";
import { Features } from "../settings/features.ts";
import { Reports } from "./reports.ts";

it("reports that cannot be stored take no others with them", async () => {
  const clock = new ManualClock();
  const storage = new MemoryEngine({ clock }).node("node");
  const features = new Features(storage.metadata, ["kpi_collection", "audit_log_collection"]);
  let uuids = 0;
  const uuid = (): string => `id-${uuids++}`;
  const base = { ...storage, features, limits: DEFAULT_LIMITS, clock, uuid };
  const eventTypes = new EventTypes(base);
  await eventTypes.createSystemEventTypes();
  const writers = new Writers({ ...base, eventTypes });
  const write = writers.write.bind(writers);
  const failure = new Error("Nobody may write to it.");
  vi.spyOn(writers, "write").mockImplementation((name, work) =>
    name === "nakadi.subscription.log" ? Promise.reject(failure) : write(name, work),
  );
  const onError = vi.fn<(error: unknown) => void>();
  const reports = new Reports({ ...base, writers, random: () => 0, flowId: uuid, subject: "app", onError });
  // The indicator is told first, then the change.
  reports.subscriptionChanged(undefined, { id: "sub" } as Subscription);
  await reports[Symbol.asyncDispose]();
  expect(onError.mock.calls).toEqual([[failure]]);
  const { timelines } = await eventTypes.get("nakadi.audit.log");
  expect(await storage.log.bounds(timelines[0]?.log ?? "")).toEqual([{ oldest: 0, next: 1 }]);
});
