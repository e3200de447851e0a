export { FaultProxy } from "./fault-proxy.ts";
export type { FaultHits, FaultProxyOptions } from "./fault-proxy.ts";
export type { FaultKind } from "./proxied-connection.ts";
export { restartPort } from "./restart-port.ts";
export { startNakadi } from "./start-nakadi.ts";
export type { TestNakadi, TestNakadiOptions } from "./start-nakadi.ts";
export { ManualClock } from "nakadi-protocol";
export type { Clock } from "nakadi-protocol";
