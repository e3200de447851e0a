/** The domain of one node without HTTP, for tests of what lies below it. */
import { randomUUID } from "node:crypto";
import { type Clock, ManualClock } from "nakadi-protocol";
import { MemoryEngine, type Storage } from "nakadi-storage";
import { expect } from "vitest";
import { EventTypes } from "../src/event-types/catalogue.ts";
import { DEFAULT_LIMITS } from "../src/limits.ts";
import { Closings } from "../src/timelines/closings.ts";
import type { TimelineSwitchParts } from "../src/timelines/timeline-switch.ts";
import { Writers } from "../src/timelines/writers.ts";
import { Snapshots } from "../src/metadata-snapshot.ts";
import { NodeMembership, type Stay } from "../src/node-membership.ts";
import type { FeatureName } from "../src/settings/features.ts";
import { Settings } from "../src/settings/settings.ts";

export interface DomainNode extends Readonly<TimelineSwitchParts>, Storage {
  snapshots: Snapshots;
  settings: Settings;
  features: Settings["features"];
  limits: typeof DEFAULT_LIMITS;
  writers: Writers;
  membership: NodeMembership;
}

interface NodeOptions {
  /** Default: one of its own. */
  engine?: MemoryEngine;
  /** The node's own. */
  clock?: Clock;
  uuid?: () => string;
  featuresOn?: readonly FeatureName[];
}

export async function domainNode(options: NodeOptions = {}): Promise<DomainNode> {
  const { clock = new ManualClock(), uuid = randomUUID, featuresOn = [] } = options;
  const storage = (options.engine ?? new MemoryEngine({ clock })).node("node", clock);
  const onError = (error: unknown): void => expect.unreachable(String(error));
  const membership = await NodeMembership.join({
    coordination: storage.coordination,
    clock,
    leaseMs: DEFAULT_LIMITS.nodeLeaseMs,
    lost: () => undefined,
    failed: onError,
  });
  const snapshots = new Snapshots(storage.metadata);
  const settings = new Settings(storage.metadata, snapshots, clock, "producer", featuresOn);
  const common = { ...storage, snapshots, features: settings.features, limits: DEFAULT_LIMITS, clock, uuid };
  const eventTypes = new EventTypes(common);
  const closings = new Closings(common);
  const writers = new Writers({ ...common, eventTypes, closings, membership, onError });
  return { ...common, settings, membership, eventTypes, closings, writers };
}

/** A lease that never ends. */
export const SAFE: Stay = { name: "node", isSafe: () => true, demandSafe: () => undefined };
