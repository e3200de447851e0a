/** The file that holds the contexts: named servers, with a reference to each one's token (design 3.5). */
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "../failure.ts";
import { isTokenReference, type TokenReference } from "./token-reference.ts";

export interface StoredContext {
  url: string;
  token?: TokenReference;
}

export interface ConfigFile {
  /** The context that is used where none is named. */
  current?: string;
  contexts: Readonly<Record<string, StoredContext>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `NAKADI_CONFIG`, else `nakadi/config.json` where the desktop's conventions keep configuration. */
export function configPath(env: Environment): string {
  if (env["NAKADI_CONFIG"]) return env["NAKADI_CONFIG"];
  const base = env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
  return join(base, "nakadi", "config.json");
}

/** An absent file is an empty one. @throws {Failure} if it cannot be read, or is not what `writeConfig` writes */
export async function readConfig(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { contexts: {} };
    throw new Failure(`cannot read ${path}: ${(error as Error).message}`);
  }
  const parsed = parse(text);
  if (parsed) return parsed;
  throw new Failure(
    `${path} is not a file of nakadi contexts. Repair it or remove it; \`nakadi context add\` makes a new one`,
  );
}

/** Replaces the file as a whole; only its owner may read it. */
export async function writeConfig(path: string, config: ConfigFile): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    await makeDirectory(dirname(path));
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(`${JSON.stringify(config, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new Failure(`cannot write ${path}: ${(error as Error).message}`);
  }
}

/** With all that lead to it. Node's own `recursive` never ends where a file system has no place for directories, as /proc. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function parse(text: string): ConfigFile | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(json) || !isRecord(json["contexts"])) return undefined;
  const { current, contexts } = json;
  if (current !== undefined && typeof current !== "string") return undefined;
  if (!Object.values(contexts).every(isStoredContext)) return undefined;
  return { ...(current !== undefined && { current }), contexts: contexts as Record<string, StoredContext> };
}

function isStoredContext(value: unknown): value is StoredContext {
  return (
    isRecord(value) &&
    typeof value["url"] === "string" &&
    (value["token"] === undefined || isTokenReference(value["token"]))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
