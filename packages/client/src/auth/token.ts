/** Sources of tokens: a string, a function, an environment variable, a file that another process updates. */
import { readFile, stat } from "node:fs/promises";
import { ConfigError, TransportError } from "../errors/nakadi-error.ts";

/**
 * Returns the token for a request. `refresh` is true after the server refused the last token: a provider with a cache must bypass
 * it. All requests that were refused with the same token share one such call.
 */
export type TokenProvider = (options: { refresh: boolean }) => string | Promise<string>;

export type TokenSource = string | TokenProvider;

/** The token of an environment variable, read at each request. */
export function envToken(name: string): TokenProvider {
  return () => {
    const token = process.env[name]?.trim();
    if (!token) throw new ConfigError(`token: the environment variable ${name}`, "set to a token");
    return token;
  };
}

/** The token in a file, trimmed. The file is read again when its modification time changes, and after a 401. */
export function fileToken(path: string): TokenProvider {
  let known: { token: string; modifiedMs: number } | undefined;
  const read = async (refresh: boolean): Promise<string> => {
    const { mtimeMs } = await stat(path).catch(() => unreadable(path));
    if (known && !refresh && known.modifiedMs === mtimeMs) return known.token;
    const token = (await readFile(path, "utf8").catch(() => unreadable(path))).trim();
    if (token === "") throw new ConfigError(`token: the file ${path}`, "a file that holds a token");
    known = { token, modifiedMs: mtimeMs };
    return token;
  };
  return async ({ refresh }) => {
    try {
      return await read(refresh);
    } catch (error) {
      if (!known) throw error;
      // The file is missing for a moment while another process replaces it, so this failure is retryable.
      if (refresh) throw new TransportError(`cannot read the token file ${path}`);
      return known.token;
    }
  };
}

function unreadable(path: string): never {
  throw new ConfigError(`token: the file ${path}`, "a file that can be read");
}

/** The characters that a token may have in a header. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** @throws {ConfigError} if the source is neither a string nor a function, or the string is not a valid token */
export function tokenProvider(source: TokenSource): TokenProvider {
  if (typeof source === "function") {
    return async (options) => demandSendable(await source(options));
  }
  const token = demandSendable(typeof source === "string" ? source.trim() : source);
  return () => token;
}

/** The message does not contain the token. */
function demandSendable(token: unknown): string {
  if (typeof token === "string" && SENDABLE.test(token)) return token;
  throw new ConfigError("token", "a text of visible ASCII characters, or a function that gives one");
}
