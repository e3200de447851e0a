/** What the routes serve: the domain of one node. */
import type { Clock } from "nakadi-protocol";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { Limits } from "../limits.ts";
import type { Writers } from "../log/writers.ts";
import type { Storage } from "../storage/ports.ts";
import type { EventTypeStreams } from "../streaming/event-type-streams.ts";
import type { SubscriptionStreams } from "../streaming/streams.ts";
import type { Subscriptions } from "../subscriptions/registry.ts";

export interface Domain {
  storage: Storage;
  eventTypes: EventTypes;
  writers: Writers;
  subscriptions: Subscriptions;
  streams: SubscriptionStreams;
  eventTypeStreams: EventTypeStreams;
  limits: Limits;
  clock: Clock;
  /** 0 up to 1. */
  random: () => number;
  uuid: () => string;
  /** Aborted when the broker stops. */
  stopping: AbortSignal;
}
