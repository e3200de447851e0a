export { play, playAll } from "./play.ts";
export type { Outcome, PlayAllOptions, PlayOptions, Tally } from "./play.ts";
export { stories } from "./stories.ts";
export { whySkipped } from "./story.ts";
export type { Story } from "./story.ts";
export type { BreakableProxy, FaultKind, Target } from "./target.ts";
export type { Stage } from "./stage.ts";
