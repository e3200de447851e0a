/** The settings of a stream for tests: the defaults of every parameter, with those that a test sets. */
import fc from "fast-check";
import { DEFAULT_LIMITS } from "../src/limits.ts";
import { type StreamSettings, subscriptionStreamRequest } from "../src/streaming/stream-parameters.ts";

/** The defaults, with a stream timeout of an hour. */
export const DEFAULT_STREAM_SETTINGS: StreamSettings = subscriptionStreamRequest(
  {},
  DEFAULT_LIMITS,
  () => 0.5,
).settings;

export function streamSettings(changed: Partial<StreamSettings> = {}): StreamSettings {
  return { ...DEFAULT_STREAM_SETTINGS, ...changed };
}

/** Any settings within the given ranges; the defaults elsewhere. */
export function anyStreamSettings(ranges: {
  [K in keyof StreamSettings]?: fc.Arbitrary<number>;
}): fc.Arbitrary<StreamSettings> {
  return fc.record(ranges as Record<keyof StreamSettings, fc.Arbitrary<number>>).map(streamSettings);
}
