/** Bugs planted on purpose: a piece of a built file, replaced while Node loads it. What is shipped knows nothing of them. */
import { fileURLToPath } from "node:url";

export interface Plant {
  name: string;
  /** What the bug is, in a sentence. */
  what: string;
  /** The process that gets it. */
  in: "broker" | "consumer" | "publisher";
  /** The end of the path of the built file, from `packages/`. */
  file: string;
  /** Must be there exactly once. */
  find: string;
  replace: string;
}

const REGISTER = fileURLToPath(new URL("./register.js", import.meta.url));

/** How a process is started that has the bug. */
export function plantOptions(plant: Plant | undefined): { env: Record<string, string>; nodeOptions: string[] } {
  if (!plant) return { env: {}, nodeOptions: [] };
  return { env: { CHAOS_PLANT: JSON.stringify(plant) }, nodeOptions: ["--import", REGISTER] };
}

/**
 * The text of a file with the bug in it.
 * @throws {Error} if what is to be replaced is not there exactly once, as when the code has changed
 */
export function planted(text: string, { name, file, find, replace }: Plant): string {
  const pieces = text.split(find);
  if (pieces.length !== 2) throw new Error(`Plant ${name}: ${file} has ${pieces.length - 1} times: ${find}`);
  return pieces.join(replace);
}
