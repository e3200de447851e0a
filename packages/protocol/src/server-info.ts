/**
 * What a server says about itself (protocol 6.1).
 * @pure
 */
export interface ServerVersion {
  /** What it was built from, where that is known. */
  scm_source: { author: string; revision: string; status: string; url: string } | null;
}

/** In the style of Dropwizard; which there are is not part of the contract. */
export interface ServerMetrics {
  version: string;
  gauges: Record<string, unknown>;
  counters: Record<string, unknown>;
  histograms: Record<string, unknown>;
  meters: Record<string, unknown>;
  timers: Record<string, unknown>;
}
