export { BrokerOptionsError, startBroker } from "./broker.ts";
export type { Broker, BrokerOptions } from "./broker.ts";
export { DEFAULT_LIMITS } from "./limits.ts";
export type { Limits } from "./limits.ts";
export type { Logger } from "./logger.ts";
export { ManualClock } from "nakadi-protocol";
export type { Clock } from "nakadi-protocol";
