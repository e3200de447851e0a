/**
 * What a story is: one rule of the protocol, or of the client's contract, acted out against a server. It knows no test runner.
 * @pure
 */
import type { Stage } from "./stage.ts";
import type { Target } from "./target.ts";

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

/** Why the story cannot be played against the target; nothing if it can. */
export function whySkipped(story: Story, { baseUrl, faultProxy }: Target): string | undefined {
  if (!story.breaksConnections) return undefined;
  if (!faultProxy) return "needs a fault proxy";
  return new URL(baseUrl).protocol === "http:"
    ? undefined
    : "the fault proxy speaks plain TCP, and this is not an http address";
}
