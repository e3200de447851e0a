/**
 * All stories, in an order that makes sense to read.
 */
import { BATCHING } from "./stories/batching.ts";
import { CHANGING } from "./stories/changing.ts";
import { CLIENT } from "./stories/client.ts";
import { COMMITTING } from "./stories/committing.ts";
import { ENDING } from "./stories/ending.ts";
import { FAULTS } from "./stories/faults.ts";
import { OPENING } from "./stories/opening.ts";
import { SHARING } from "./stories/sharing.ts";
import { SKIPPING } from "./stories/skipping.ts";
import type { Story } from "./story.ts";

export const stories: readonly Story[] = [
  ...OPENING,
  ...BATCHING,
  ...SHARING,
  ...COMMITTING,
  ...ENDING,
  ...CHANGING,
  ...SKIPPING,
  ...CLIENT,
  ...FAULTS,
];
