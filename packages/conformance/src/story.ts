/**
 * What a story is: one rule of the protocol, or of the client's contract, acted out against a server. It knows no test runner.
 * @pure
 */
import type { TokenSource } from "nakadi-client";
import type { Stage } from "./stage.ts";

export interface Story {
  /** Area and rule, e.g. `window/pauses`; unique and stable. */
  readonly name: string;
  /** What must hold, as one sentence. */
  readonly about: string;
  /** Sections of the protocol that say so. */
  readonly protocol: readonly string[];
  /** What `Target.strict` adds: it holds on `nakadi-broker`, and not on a real Nakadi. */
  readonly strict?: string;
  /** It breaks connections on purpose, so it needs `Target.faultProxy`. */
  readonly breaksConnections?: true;
  /** Rejects where the server, or the client with it, does not live up to the rule. */
  act(stage: Stage): Promise<void>;
}

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

/** Why the story cannot be played against the target; nothing if it can. */
export function whySkipped(story: Story, { baseUrl, faultProxy }: Target): string | undefined {
  if (!story.breaksConnections) return undefined;
  if (!faultProxy) return "needs a fault proxy";
  return new URL(baseUrl).protocol === "http:"
    ? undefined
    : "the fault proxy speaks plain TCP, and this is no http address";
}
