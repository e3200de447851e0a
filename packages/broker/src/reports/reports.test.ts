import type { Subscription } from "nakadi-protocol";
import { expect, it, vi } from "vitest";
import { domainNode } from "../../test/domain-node.ts";
import { Reports } from "./reports.ts";

it("a failed write loses only its own reports", async () => {
  const node = await domainNode({ featuresOn: ["kpi_collection", "audit_log_collection"] });
  const { eventTypes, writers, log, uuid } = node;
  await eventTypes.createSystemEventTypes();
  const write = writers.write.bind(writers);
  const failure = new Error("Writes are refused.");
  vi.spyOn(writers, "write").mockImplementation((name, work) =>
    name === "nakadi.subscription.log" ? Promise.reject(failure) : write(name, work),
  );
  const onError = vi.fn<(error: unknown) => void>();
  const reports = new Reports({ ...node, random: () => 0, flowId: uuid, subject: "app", onError });
  // The usage is reported before the change.
  reports.subscriptionChanged(undefined, { id: "sub" } as Subscription);
  await reports[Symbol.asyncDispose]();
  expect(onError.mock.calls).toEqual([[failure]]);
  const { timelines } = await eventTypes.get("nakadi.audit.log");
  expect(await log.bounds(timelines[0]?.log ?? "")).toEqual([{ oldest: 0, next: 1 }]);
});
