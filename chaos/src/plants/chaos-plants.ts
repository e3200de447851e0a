/** Bugs of broker, consumer and publisher that a chaos run must find. */
import type { Plant } from "./plant.ts";

export const CHAOS_PLANTS: readonly Plant[] = [];
