/** Files that come with this package, wherever the code that asks for them was bundled to. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const folder = dirname(createRequire(import.meta.url).resolve("nakadi-cli/package.json"));

export function packageFile(path: string): string {
  return join(folder, path);
}
