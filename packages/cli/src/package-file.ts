/** What comes with this package, wherever the code that asks for them was bundled to. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("nakadi-cli/package.json"));

export function packageFile(path: string): string {
  return join(folder, path);
}

export function packageVersion(): string {
  return (require("nakadi-cli/package.json") as { version: string }).version;
}
