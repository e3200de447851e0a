/**
 * The engine that a broker was asked for. What it needs is loaded only then.
 */
import { fileURLToPath } from "node:url";
import { MemoryEngine } from "./memory/engine.ts";
import type { Storage } from "./ports.ts";
import type { NodeContext, StorageEngine } from "./storage-engine.ts";

/**
 * `memory`: nothing survives the process. `directory`: on disk, for one broker at a time. A URL, whose scheme names the
 * engine: `memory:`, `directory:./data`, `file:///var/lib/nakadi`, and any other is the package `nakadi-<scheme>`, which is
 * installed beside. Or an engine as a value.
 */
export type StorageOption = "memory" | { directory: string } | `${string}:${string}` | StorageEngine;

/** What a package `nakadi-<scheme>` exports. */
export interface EnginePackage {
  /** @param url whole, as it was given */
  engineAt(url: string): StorageEngine | Promise<StorageEngine>;
}

/** There is no engine for a URL. Its message leaves out all of the URL but the scheme: the rest may hold a password. */
export class NoSuchEngineError extends Error {
  override readonly name = "NoSuchEngineError";
  readonly scheme: string;
  constructor(scheme: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.scheme = scheme;
  }
}

const URL_TEXT = /^([a-z][a-z0-9-]+):(.*)$/s;

/** Whether a text names an engine and, where that is a directory, which. */
export function isStorageUrl(text: string): text is `${string}:${string}` {
  const [, scheme, rest = ""] = URL_TEXT.exec(text) ?? [];
  return scheme !== undefined && (scheme === "memory" || rest.replace(/^\/\//, "") !== "");
}

/**
 * The storage of one node. Closing it closes the engine too, unless that was given as a value.
 * @throws {DataDirectoryError} @throws {NoSuchEngineError} @throws what a package's engine throws
 */
export async function openStorage(option: StorageOption, context: NodeContext): Promise<Storage> {
  const engine = typeof option === "string" ? await engineNamed(option, context) : option;
  if ("open" in engine) return engine.open(context);
  const { openDirectory } = await import("./directory/engine.ts");
  return openDirectory(engine.directory, context);
}

async function engineNamed(url: string, { clock }: NodeContext): Promise<StorageEngine | { directory: string }> {
  const [, scheme = "", rest = ""] = URL_TEXT.exec(url === "memory" ? "memory:" : url) ?? [];
  switch (scheme) {
    case "memory":
      return new MemoryEngine({ clock });
    case "directory":
      return { directory: rest.startsWith("//") ? rest.slice(2) : rest };
    case "file":
      return { directory: pathOfFileUrl(url) };
    default:
      return (await enginePackage(scheme)).engineAt(url);
  }
}

/** @throws {NoSuchEngineError} for the URL of another host, and for one that names no path */
function pathOfFileUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    const reason = (error as Error).message;
    throw new NoSuchEngineError("file", `storage file: ${reason}. One looks like file:///var/lib/nakadi`, error);
  }
}

async function enginePackage(scheme: string): Promise<EnginePackage> {
  const name = `nakadi-${scheme}`;
  let loaded: Partial<EnginePackage>;
  try {
    loaded = (await import(name)) as Partial<EnginePackage>;
  } catch (error) {
    // Another package that this one misses is named by its own message.
    const isMissing = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    if (!isMissing || !(error as Error).message.includes(`'${name}'`)) throw error;
    throw new NoSuchEngineError(
      scheme,
      `storage ${scheme}: needs the package ${name}, which is not installed. To install it: npm install ${name}`,
      error,
    );
  }
  if (typeof loaded.engineAt === "function") return loaded as EnginePackage;
  throw new NoSuchEngineError(
    scheme,
    `the package ${name} has no function engineAt, so it cannot be the engine for ${scheme}:`,
  );
}
