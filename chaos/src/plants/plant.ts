/** Bugs planted on purpose: a piece of a built file, replaced while Node loads it. What is shipped knows nothing of them. */
import { fileURLToPath } from "node:url";

export interface Plant {
  name: string;
  /** What the bug is, in a sentence. */
  what: string;
  /** The process that gets it. */
  in: "broker" | "consumer" | "publisher";
  /** It is in the storage of the broker. */
  ofStorage?: true;
  /** Must be there exactly once in what is built of the package. */
  find: string;
  replace: string;
}

const REGISTER = fileURLToPath(new URL("./register.js", import.meta.url));

/** How a process is started that has the bug. */
export function plantOptions(plant: Plant | undefined): { env: Record<string, string>; nodeOptions: string[] } {
  if (!plant) return { env: {}, nodeOptions: [] };
  return { env: { CHAOS_PLANT: JSON.stringify(plant) }, nodeOptions: ["--import", REGISTER] };
}

/** The folder of what is built of the package that has the bug, below the root of the repository. */
export function builtFolder({ in: place, ofStorage }: Plant): string {
  if (ofStorage) return "packages/storage/dist/";
  return place === "broker" ? "packages/broker/dist/" : "packages/client/dist/";
}

/**
 * The text of a built file, with the bug in it if this is where it belongs.
 * @throws {Error} if what is to be replaced is there more than once
 */
export function planted(text: string, { name, find, replace }: Plant): string {
  const pieces = text.split(find);
  if (pieces.length > 2) throw new Error(`Plant ${name}: a file has ${pieces.length - 1} times: ${find}`);
  return pieces.join(replace);
}
