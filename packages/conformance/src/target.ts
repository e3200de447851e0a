/**
 * The server under test, and the proxy that breaks connections to it.
 * @pure
 */
import type { TokenSource } from "nakadi-client";

/** The server under test. */
export interface Target {
  /** Address of the server; a path of its own is kept. */
  baseUrl: string;
  /** A token, or where it comes from. Default: none is sent. */
  token?: TokenSource;
  /** Headers of every request. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Whether the server is also held to what only `nakadi-broker` promises: `Story.strict`. Default: false, what a real
   * Nakadi does is accepted.
   */
  strict?: boolean;
  /**
   * Starts a TCP proxy before an `http:` address, e.g. `FaultProxy.start` of nakadi-testing. Stories that break connections
   * are skipped without one.
   */
  faultProxy?: (target: string) => Promise<BreakableProxy>;
}

/** What stories need of a proxy. `hits` says what a fault has struck so far. */
export interface BreakableProxy {
  readonly url: string;
  readonly openStreams: number;
  hits(kind: FaultKind): { connections: number; streams: number };
  delay(delayMs: number, options?: { jitterMs?: number }): void;
  limitBandwidth(bytesPerSecond: number): void;
  cut(): void;
  cutAfter(bytes: number): void;
  cutInsideLine(): void;
  halfOpen(): void;
  stall(): void;
  resume(): void;
  reset(): void;
  refuse(): void;
  accept(): void;
  close(): Promise<void>;
}

export type FaultKind =
  | "delay"
  | "bandwidth"
  | "cut"
  | "cutAfter"
  | "cutInsideLine"
  | "halfOpen"
  | "stall"
  | "refuse"
  | "reset";
