/** The services of one node that the routes call. */
import type { Clock } from "nakadi-protocol";
import type { Storage, StorageFailedError } from "nakadi-storage";
import type { Access } from "../authorization/authorizer.ts";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { EventTypeChanges } from "../event-types/changes.ts";
import type { DeletableSubscription } from "../broker-options.ts";
import type { Limits } from "../limits.ts";
import type { Closings } from "../timelines/closings.ts";
import type { Writers } from "../timelines/writers.ts";
import type { Snapshots } from "../metadata-snapshot.ts";
import type { NodeMembership } from "../node-membership.ts";
import type { DamageLog } from "../reports/damage-log.ts";
import type { Reports } from "../reports/reports.ts";
import type { Settings } from "../settings/settings.ts";
import type { EventTypeStreams } from "../streaming/low-level/event-type-streams.ts";
import type { SubscriptionStreams } from "../streaming/driver/subscription-streams.ts";
import type { Draining } from "./draining.ts";
import type { Subscriptions } from "../subscriptions/registry.ts";

export interface Domain {
  /** This node's lease among the nodes that share the storage. */
  membership: NodeMembership;
  storage: Storage;
  snapshots: Snapshots;
  /** The failed write since which the storage is read-only; `undefined` without one. */
  storageFailure: () => StorageFailedError | undefined;
  damageLog: DamageLog;
  /** The permissions of the caller. */
  access: Access;
  settings: Settings;
  eventTypes: EventTypes;
  eventTypeChanges: EventTypeChanges;
  closings: Closings;
  writers: Writers;
  reports: Reports;
  subscriptions: Subscriptions;
  streams: SubscriptionStreams;
  eventTypeStreams: EventTypeStreams;
  limits: Limits;
  deletableSubscription: DeletableSubscription;
  clock: Clock;
  /** From 0 up to, but not including, 1. */
  random: () => number;
  uuid: () => string;
  /** Aborted when the broker stops and waits for no request any more. */
  stopping: AbortSignal;
  draining: Draining;
}
