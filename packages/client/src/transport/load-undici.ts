/** Loads undici, also from within a bundle. */
import { createRequire } from "node:module";
import type * as Undici from "undici";
import { NakadiError } from "../errors/nakadi-error.ts";

/**
 * A bundler that puts undici into an ES module may keep its calls of `require`, which fail there; undici is then loaded from the
 * `node_modules` beside the bundle.
 * @throws {NakadiError} CONFIG if neither works; a retry cannot succeed
 */
export async function loadUndici(): Promise<typeof Undici> {
  try {
    return await import("undici");
  } catch (error) {
    try {
      return createRequire(import.meta.url)("undici") as typeof Undici;
    } catch {
      throw new NakadiError(
        "CONFIG",
        `cannot load undici, which sends requests: ${error instanceof Error ? error.message : String(error)}. ` +
          "Where the program is bundled: leave undici out of the bundle (esbuild: --external:undici) and install it beside it, " +
          "or bundle as CommonJS",
        { cause: error },
      );
    }
  }
}
